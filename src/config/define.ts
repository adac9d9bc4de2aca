/**
 * How a team writes its typed file.
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ConfigDefinition, EventDefinition } from './definition.ts'
import type {
  Checked,
  Definition,
  FieldPath,
  EventsShape,
  KeyField,
  LanesShape,
  NoOthers,
  SubscriptionsShape,
} from './types.ts'

export interface EventOptions<Output = unknown> {
  /** Lane it goes to unless `publish` says otherwise. Default `standard`, or the only lane. */
  readonly lane?: string
  /**
   * What order is kept by: the name of a field of the payload (schema output), text or whole number, or a function of the payload.
   * Default: the stream's.
   */
  readonly key?: KeyField<Output> | ((data: Output) => string)
  /** Paths of fields that command line, gateway (`/tail`) and dashboard mask, as `'card.number'`. */
  readonly secret?: readonly FieldPath<Output>[]
  /** Paths of fields about persons. They are masked like `secret` ones. */
  readonly pii?: readonly FieldPath<Output>[]
}

/**
 * Declares one event by the schema of its payload: any Standard Schema (zod, valibot, arktype …), synchronous or not.
 * What is published is checked by it; what it puts out is stored as JSON.
 *
 * @example event(z.object({ orderId: z.string(), total: z.number() }), { lane: 'critical', key: 'orderId' })
 */
export function event<
  Schema extends StandardSchemaV1,
  const Options extends EventOptions<StandardSchemaV1.InferOutput<Schema>>,
>(
  schema: Schema,
  options?: Options & NoOthers<Options, EventOptions>,
): EventDefinition<
  StandardSchemaV1.InferInput<Schema>,
  StandardSchemaV1.InferOutput<Schema>,
  Options extends { readonly lane: infer Lane extends string } ? Lane : never,
  Options extends { readonly key: {} } ? true : false
> {
  return { ...options, schema } as never
}

/**
 * Declares an application's lanes, streams with their events, and subscriptions. Returns its argument; what is wrong that the compiler
 * cannot see is told, all at once, when the application is made of it.
 *
 * @example
 * const config = defineVeltrix({
 *   app: 'checkout',
 *   streams: { orders: { key: 'orderId', events: { 'order.placed': event(orderPlaced, { lane: 'critical' }) } } },
 *   subscriptions: { billing: { events: ['order.placed'] } },
 * })
 */
export function defineVeltrix<const D extends ConfigDefinition>(
  definition: D & Checked<D>,
): Definition<{ events: EventsShape<D>; lanes: LanesShape<D>; subscriptions: SubscriptionsShape<D> }> {
  return definition as never
}

/**
 * What handlers and publishing look like to a team's code, typed by its file.
 * @module
 */
import type { EventInput, EventOf, EventsOf, EventTypes, LaneNames, SubscriptionNames } from './types.ts'

/** What one event can be published with. */
export interface PublishItemOptions<Lane extends string = string> {
  /** Lane to go to instead of the event's own. */
  readonly lane?: Lane
  /** CloudEvents `id`. Given, it makes the publish idempotent within the transport's window; default a new UUIDv7. */
  readonly id?: string
  /** CloudEvents `source`, a URI reference, for an event that came from elsewhere; default the typed file's. Together with `id` it is the event's identity. */
  readonly source?: string
  /** What order is kept by, instead of what the event's key rule takes from the payload. */
  readonly key?: string
  /** CloudEvents `time`: when it happened. RFC 3339 text or a Date; default now. */
  readonly time?: string | Date
  /** CloudEvents `subject`. */
  readonly subject?: string
  /** CloudEvents extension attributes: names of 1 to 20 lower-case letters and digits. */
  readonly extensions?: Readonly<Record<string, string>>
}

export interface PublishOptions<Lane extends string = string> extends PublishItemOptions<Lane> {
  /** Stops waiting for room, and for the answer; see {@link Publish} for what it means then. */
  readonly signal?: AbortSignal
}

/** Where a published event lies. */
export interface PublishResult {
  readonly id: string
  readonly topic: string
  readonly partition: number
  /** -1 while it is `staged`. */
  readonly offset: number
  /** True when this id had been published before: nothing new was stored, and the place is that of the first. */
  readonly duplicate: boolean
  /** Published by a handler of a subscription with `exactlyOnce`: checked, and stored with the commit of the event that is handled. */
  readonly staged?: true
}

/** Outcome of one event of `publishMany`. */
export type PublishOutcome =
  | ({ readonly ok: true } & PublishResult)
  /** `id` is missing when the event never got one. */
  | { readonly ok: false; readonly id?: string; readonly error: Error }

/**
 * Publishes one event; resolves when it is durable.
 * When the signal aborts while the event waits for room it is not published; afterwards its fate is unknown (PublishUnknown), and
 * publishing it again with the same `id` is safe.
 * @throws EventUnknownType, EventInvalid, EventTooLarge, PublisherOverloaded, PublishUnknown, IdConflict, PublisherClosed, and the transport's errors
 */
export type Publish<C> = <Type extends EventTypes<C>>(
  type: Type,
  data: EventInput<C, Type>,
  options?: PublishOptions<LaneNames<C>>,
) => Promise<PublishResult>

/** Arguments of {@link Publish}, for code that hands them on. */
export type PublishArguments<C, Type extends EventTypes<C> = EventTypes<C>> = {
  [T in Type]: [type: T, data: EventInput<C, T>, options?: PublishOptions<LaneNames<C>>]
}[Type]

/** One event of `publishMany`. */
export type PublishItem<C> = {
  [Type in EventTypes<C>]: PublishItemOptions<LaneNames<C>> & {
    readonly type: Type
    readonly data: EventInput<C, Type>
  }
}[EventTypes<C>]

/** Publishes many; an outcome for each at its own index. Never rejects because of single events. */
export type PublishMany<C> = (items: readonly PublishItem<C>[]) => Promise<readonly PublishOutcome[]>

/** Result of `ctx.once`: whether the effect was done now, and what it gave. */
export interface OnceResult<T> {
  /** False when the effect had been done before. */
  readonly applied: boolean
  readonly value?: T
}

/** Does an effect once per event (and `name`), inside the inbox's transaction. */
export interface Once<Tx> {
  <T>(effect: (tx: Tx) => T | Promise<T>): Promise<OnceResult<T>>
  <T>(name: string, effect: (tx: Tx) => T | Promise<T>): Promise<OnceResult<T>>
}

/** What a handler knows of the attempt it is, and can do. `Tx` is the inbox's transaction. */
export interface HandlerContext<C = any, Tx = unknown, Sub extends string = string> {
  readonly subscription: Sub
  readonly lane: LaneNames<C>
  readonly stream: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** 1 for the first. */
  readonly attempt: number
  readonly maxAttempts: number
  /** Aborts when the attempt's time is up, the partition is taken away, or the worker stops waiting. */
  readonly signal: AbortSignal
  /** Whether the event had been a dead letter and runs again by request. */
  readonly redriven: boolean
  readonly publish: Publish<C>
  readonly once: Once<Tx>
}

/** Handles one event. Returning is success; throwing is a failed attempt. */
export type EventHandler<C, Sub extends SubscriptionNames<C>, Type extends EventsOf<C, Sub>, Tx = unknown> = (
  event: EventOf<C, Type>,
  ctx: HandlerContext<C, Tx, Sub>,
) => unknown

/** Result of one event of a batch: nothing or `'ok'` when it is done, an Error when it failed. */
export type BatchResult = Error | 'ok' | undefined | void

/** Context of a batch: {@link HandlerContext} without what belongs to one event. */
export type BatchContext<C = any, Tx = unknown, Sub extends string = string> = Pick<
  HandlerContext<C, Tx, Sub>,
  'subscription' | 'signal' | 'publish'
> & {
  /** The context of each event, at its index. */
  readonly events: readonly HandlerContext<C, Tx, Sub>[]
}

/**
 * Handles many events of one type, at most one of a key among them. Returning nothing is success of all; a list has the result of
 * each event at its index; throwing fails all.
 */
export type BatchHandler<C, Sub extends SubscriptionNames<C>, Type extends EventsOf<C, Sub>, Tx = unknown> = (
  events: readonly EventOf<C, Type>[],
  ctx: BatchContext<C, Tx, Sub>,
) => readonly BatchResult[] | void | Promise<readonly BatchResult[] | void>

/** The handler of a subscription's event, single. */
export type HandlerOf<C, Sub extends SubscriptionNames<C>, Type extends EventsOf<C, Sub>, Tx = unknown> = EventHandler<
  C,
  Sub,
  Type,
  Tx
>

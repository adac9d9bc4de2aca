/**
 * What the compiler knows of a typed file. All hard types are here, so that signatures elsewhere stay short and error messages name
 * events, lanes and fields instead of machinery.
 * @module
 */
import type { VeltrixEvent } from '../event/index.ts'
import type {
  ConfigDefinition,
  EventDefinition,
  LaneDefinition,
  PublisherDefinition,
  StreamDefinition,
  SubscriptionDefinition,
  TopicSettingsDefinition,
  WorkerDefinition,
} from './definition.ts'

/** The gist of a typed file: payloads by event type, names of lanes, event types by subscription. */
export interface Shape {
  readonly events: Readonly<Record<string, PayloadTypes>>
  readonly lanes: string
  readonly subscriptions: Readonly<Record<string, string>>
}

interface PayloadTypes {
  /** What `publish` takes: the schema's input. */
  readonly input: unknown
  /** What handlers get: the schema's output, as JSON carries it. */
  readonly output: unknown
}

declare const shape: unique symbol

/** A typed file, as {@link defineVeltrix} returns it. */
export interface Definition<S extends Shape = Shape> extends ConfigDefinition {
  /** Only for the compiler. */
  readonly [shape]?: S
}

type ShapeOf<C> = C extends Definition<infer S> ? S : never
type Events<C> = ShapeOf<C>['events']

// A condition, unlike an alias of what it gives, is resolved in errors and editors: they list the names.

/** Event types that can be published. */
export type EventTypes<C> = C extends Definition<infer S> ? keyof S['events'] & string : never
/** What `publish` takes for an event type: the schema's input. */
export type EventInput<C, Type extends EventTypes<C>> = Events<C>[Type]['input']
/** What handlers get for an event type: the schema's output, as JSON carries it (a Date has become text). */
export type EventOutput<C, Type extends EventTypes<C>> = Events<C>[Type]['output']
/** Names of the lanes. */
export type LaneNames<C> = ShapeOf<C>['lanes']
/** Names of the subscriptions. */
export type SubscriptionNames<C> = C extends Definition<infer S> ? keyof S['subscriptions'] & string : never
/** Event types that a subscription takes. */
export type EventsOf<C, Sub extends SubscriptionNames<C>> = ShapeOf<C>['subscriptions'][Sub] & EventTypes<C>
/** The event a handler of `Type` gets. */
export type EventOf<C, Type extends EventTypes<C>> = { [T in Type]: VeltrixEvent<T, EventOutput<C, T>> }[Type]

/** A value after a round trip through JSON: what has `toJSON` is what that gives, other JSON values are themselves. */
export type Carried<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends { toJSON(...parameters: never[]): infer Json }
      ? Carried<Json>
      : T extends (...parameters: never[]) => unknown
        ? never
        : T extends object
          ? { [Field in keyof T]: Carried<T[Field]> }
          : never

/**
 * Fields of a payload that can be its key: text or number, not optional. (A bare mapped type: wrapped in a condition, it would cost
 * `key: (data) => …` the type of its parameter.)
 */
export type KeyField<Output> = {
  [Field in keyof Output]-?: Output[Field] extends string | number ? Field : never
}[keyof Output] &
  string

/** `'card'` or `'card.number'`, the first step checked. */
export type FieldPath<Output> = unknown extends Output
  ? string
  : (keyof Output & string) | `${keyof Output & string}.${string}`

// --- from a definition to its shape

type DefaultLanes = 'critical' | 'standard' | 'bulk'
type LanesIn<D> = D extends { readonly lanes: infer Lanes extends object } ? keyof Lanes & string : DefaultLanes
type StreamsIn<D> = D extends { readonly streams: infer Streams } ? Streams : never
type EventsIn<Stream> = Stream extends { readonly events: infer E } ? E : never
type AllEvents<Streams> = { [Name in keyof Streams]: EventsIn<Streams[Name]> }[keyof Streams]
type KeysOf<Union> = Union extends unknown ? keyof Union & string : never
type TypesIn<D> = KeysOf<AllEvents<StreamsIn<D>>>
type Declared<Union, Type extends string> = Union extends { readonly [T in Type]: infer Event } ? Event : never
type Payload<Event> =
  Event extends EventDefinition<infer Input, infer Output, string> ? { input: Input; output: Carried<Output> } : never
type SubscriptionsIn<D> = D extends { readonly subscriptions: infer Subs extends object } ? Subs : {}

/** The three parts of the {@link Shape} of what was given to `defineVeltrix`, apart so that editors show them resolved. */
export type EventsShape<D> = { readonly [Type in TypesIn<D>]: Payload<Declared<AllEvents<StreamsIn<D>>, Type>> }
export type LanesShape<D> = LanesIn<D>
export type SubscriptionsShape<D> = {
  readonly [Sub in keyof SubscriptionsIn<D>]: SubscriptionsIn<D>[Sub] extends {
    readonly events: readonly (infer Type)[]
  }
    ? Type & string
    : never
}

// --- checks across the parts of a definition. `unknown` accepts; the interfaces below accept nothing, and their names, with what is
// wrong and what is allowed between their brackets, are what the compiler shows

interface NoSuchOption<Known> {
  readonly thereIsNoSuchOption: never
  readonly known: Known
}
interface NoSuchLane<Lane, Lanes> {
  readonly thereIsNoLane: Lane
  readonly lanes: Lanes
}
interface NoSuchEventInTheStream<Type, Events> {
  readonly thereIsNoEvent: Type
  readonly events: Events
}
interface EventHasNoKey {
  readonly giveItOrItsStreamAKey: never
}
interface StreamKeyIsNoTextField<Key, Fields> {
  readonly key: Key
  readonly textFields: Fields
}

/** Options that `Known` does not have, as the compiler refuses them. */
export type NoOthers<Given, Known> = {
  readonly [Name in Exclude<keyof Given, keyof Known>]: NoSuchOption<
    { [Name in keyof Known & string]-?: Name }[keyof Known & string]
  >
}

// Where inference failed for another reason, lane and key are as wide as can be: that other error is told alone.
type CheckedEvent<Event, Lanes extends string, StreamKey> =
  Event extends EventDefinition<any, infer Output, infer Lane, infer Keyed>
    ? string extends Lane
      ? unknown
      : [Lane] extends [Lanes]
        ? [Keyed] extends [false]
          ? CheckedStreamKey<Output, StreamKey>
          : unknown
        : NoSuchLane<Exclude<Lane, Lanes>, Lanes>
    : unknown

type CheckedStreamKey<Output, StreamKey> = StreamKey extends string
  ? StreamKey extends (unknown extends Output ? string : KeyField<Output>)
    ? unknown
    : StreamKeyIsNoTextField<StreamKey, KeyField<Output>>
  : EventHasNoKey

type CheckedForeign<Stream> = Stream extends { readonly foreign: { readonly adopt: infer Type } }
  ? [Type] extends [keyof EventsIn<Stream>]
    ? unknown
    : NoSuchEventInTheStream<Type, keyof EventsIn<Stream>>
  : unknown

type CheckedStream<Stream, Lanes extends string> = NoOthers<Stream, StreamDefinition> & {
  readonly foreign?: CheckedForeign<Stream>
  readonly events: {
    readonly [Type in keyof EventsIn<Stream>]: CheckedEvent<
      EventsIn<Stream>[Type],
      Lanes,
      Stream extends { readonly key: infer Key } ? Key : undefined
    >
  }
}

type CheckedSubscription<Subscription, Types extends string> = NoOthers<Subscription, SubscriptionDefinition> & {
  readonly events: readonly Types[]
} & {
  readonly [Option in keyof Subscription & ('retry' | 'breaker' | 'batch' | 'dead')]: CheckedInside<
    Subscription[Option],
    NonNullable<SubscriptionDefinition[Option]>
  >
}

// Distributes: where it may be undefined as well, nothing is checked here.
type CheckedInside<Given, Known> = Given extends object ? NoOthers<Given, Known> : unknown

/** What a definition must also be, beside {@link ConfigDefinition}: its parts fit together, and there are no unknown options. */
export type Checked<D> = NoOthers<D, ConfigDefinition> & {
  readonly lanes?: D extends { readonly lanes: infer Lanes }
    ? { readonly [Lane in keyof Lanes]: NoOthers<Lanes[Lane], LaneDefinition> }
    : unknown
  readonly streams: { readonly [Name in keyof StreamsIn<D>]: CheckedStream<StreamsIn<D>[Name], LanesIn<D>> }
  readonly subscriptions?: {
    readonly [Name in keyof SubscriptionsIn<D>]: CheckedSubscription<SubscriptionsIn<D>[Name], TypesIn<D>>
  }
  readonly topics?: D extends { readonly topics: infer Given } ? NoOthers<Given, TopicSettingsDefinition> : unknown
  readonly publisher?: D extends { readonly publisher: infer Given } ? NoOthers<Given, PublisherDefinition> : unknown
  readonly worker?: D extends { readonly worker: infer Given } ? NoOthers<Given, WorkerDefinition> : unknown
}

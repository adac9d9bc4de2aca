/**
 * What an event is: a CloudEvent (core specification 1.0) with a key.
 * @module
 */

/**
 * One event as handlers, dead letters and readers see it. Field names are those of CloudEvents 1.0;
 * `key`, `stream` and `lane` say how Veltrix carries it.
 */
export interface VeltrixEvent<Type extends string = string, Data = unknown> {
  /** CloudEvents `id`: unique together with `source`. A repeated publish with one id is one event. */
  readonly id: string
  /** CloudEvents `source`: a URI reference; by default `/<app>`. */
  readonly source: string
  /** CloudEvents `type`, for example `order.placed`. */
  readonly type: Type
  /** CloudEvents `time`: when it happened, RFC 3339; by default when it was published. */
  readonly time: string
  /** CloudEvents `subject`, when given. */
  readonly subject?: string
  /** What order is kept by, inside one stream and lane. */
  readonly key: string
  /** The payload, as the schema's output. */
  readonly data: Data
  /** CloudEvents extension attributes (`traceparent`, and the publisher's own), all as text. */
  readonly extensions: Readonly<Record<string, string>>
}

/** An event on its way to the log: what a transport's record is made of. */
export interface EncodedEvent {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly headers: readonly HeaderPair[]
  /** Milliseconds since the epoch, from the event's `time`. */
  readonly timestamp: number
}

/** One header: name and value (text is UTF-8). Names may repeat; order is kept. */
export type HeaderPair = readonly [name: string, value: Uint8Array | string]

/**
 * Why an event was not published, or nobody knows whether it was.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** Thrown when `publisher.whenFull` is `reject` and there is no room. The event was not published; publish again later, or slow down. */
export class PublisherOverloaded extends VeltrixError {
  readonly code = 'VLX_PUBLISHER_OVERLOADED'
  readonly retryable = true
  /** Events waiting or in flight. */
  readonly pendingEvents: number
  readonly pendingBytes: number

  constructor(pendingEvents: number, pendingBytes: number) {
    super(
      `The publisher has no room: ${pendingEvents} events (${pendingBytes} bytes) are not stored yet. ` +
        'Publish again later, raise publisher.maxPendingEvents or maxPendingBytes, or let publish wait (publisher.whenFull: "wait").',
    )
    this.pendingEvents = pendingEvents
    this.pendingBytes = pendingBytes
  }
}

/** Thrown when publishing after `close()`, or when `close()` came while the event waited for room. The event was not published. */
export class PublisherClosed extends VeltrixError {
  readonly code = 'VLX_PUBLISHER_CLOSED'
  readonly retryable = false

  constructor() {
    super('The publisher is closed: the event was not published. Publish before stopping the application.')
  }
}

/**
 * Thrown when an event was handed to the log and nothing is known about it: it may be stored, or not. `cause` is what happened.
 * Publish it again with this `id`: when the first publish had given the `id` too, the log stores it once; otherwise handlers
 * see two events with one `id`, which the inbox takes for one.
 */
export class PublishUnknown extends VeltrixError {
  readonly code = 'VLX_PUBLISH_UNKNOWN'
  readonly retryable = true
  /** The event's id. */
  readonly id: string

  constructor(id: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(`Whether event ${id} is stored is unknown: ${reason} Publishing it again with the same id is safe.`, {
      cause,
    })
    this.id = id
  }
}

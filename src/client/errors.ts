/**
 * Why an event was not published through a gateway, or nobody knows whether it was.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** Thrown when a gateway refuses an event, and would again. The event was not published. */
export class GatewayRefused extends VeltrixError {
  readonly code = 'VLX_GATEWAY_REFUSED'
  readonly retryable = false
  /** The event's id. */
  readonly id: string
  /** HTTP status. */
  readonly status: number
  /** `type` of the problem (RFC 9457), such as `urn:veltrix:problem:event-invalid`; `about:blank` when there was none. */
  readonly problem: string

  constructor(id: string, status: number, problem: string, detail: string) {
    super(`The gateway refused event ${id} with ${status}: ${detail}`)
    this.id = id
    this.status = status
    this.problem = problem
  }
}

/** Thrown when no gateway said in time what became of an event. It may be stored: publishing it again with the same `id` is safe. */
export class GatewayUnreachable extends VeltrixError {
  readonly code = 'VLX_GATEWAY_UNREACHABLE'
  readonly retryable = true
  /** The event's id. */
  readonly id: string

  constructor(id: string, afterMs: number, reason: string, options?: ErrorOptions) {
    super(
      `Whether event ${id} is stored is unknown after ${Math.round(afterMs)} ms: ${reason}. Publishing it again with the same id is safe.`,
      options,
    )
    this.id = id
  }
}

/** Thrown when more events wait than `maxPendingEvents`, or the client is closed. The event was not published. */
export class ClientFull extends VeltrixError {
  readonly code = 'VLX_CLIENT_FULL'
  readonly retryable = true
  /** Events that wait or are on their way. */
  readonly pendingEvents: number

  constructor(pendingEvents: number, reason: string) {
    super(`The event was not published: ${reason}.`)
    this.pendingEvents = pendingEvents
  }
}

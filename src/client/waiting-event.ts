/**
 * An event between `publish()` and its answer.
 * @module
 */
import { GatewayRefused, GatewayUnreachable } from './errors.ts'

export interface ClientPublishResult {
  readonly id: string
  readonly source: string
  readonly type: string
  /** It had been stored before, by an earlier try or another call with this id. */
  readonly replayed: boolean
}

export class WaitingEvent {
  readonly id: string
  /** The event in CloudEvents' JSON format. */
  readonly json: string
  /** Monotonic milliseconds at which it was published. */
  readonly since: number
  /** Not together with others: a batch with it was too large. */
  alone = false
  readonly promise: Promise<ClientPublishResult>
  readonly #resolve: (result: ClientPublishResult) => void
  readonly #reject: (error: Error) => void
  readonly #attributes: { readonly source: string; readonly type: string }

  constructor(id: string, attributes: { readonly source: string; readonly type: string }, json: string, since: number) {
    this.id = id
    this.json = json
    this.since = since
    this.#attributes = attributes
    const { promise, resolve, reject } = Promise.withResolvers<ClientPublishResult>()
    this.promise = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  stored(replayed: boolean): void {
    const { source, type } = this.#attributes
    this.#resolve({ id: this.id, source, type, replayed })
  }

  refused(status: number, problem: { readonly type?: string; readonly detail?: string }): void {
    this.#reject(
      new GatewayRefused(this.id, status, problem.type ?? 'about:blank', problem.detail ?? 'it gave no reason'),
    )
  }

  unknown(now: number, reason: string, cause: unknown): void {
    this.#reject(new GatewayUnreachable(this.id, now - this.since, reason, { cause }))
  }
}

/**
 * One `publish()`: who waits for it, and the signal that may end the wait.
 * @module
 */
import type { PublishCall } from '../channels.ts'
import type { PublishResult } from '../config/index.ts'
import { publishFailed, publishStored } from './calls.ts'
import type { Entry, Receiver, Stored } from './entry.ts'

export class SinglePublish implements Receiver {
  /** What subscribers hear at its end again. */
  call: PublishCall | undefined
  readonly #resolve: (result: PublishResult) => void
  readonly #reject: (error: Error) => void
  #signal: AbortSignal | undefined
  #onAbort: (() => void) | undefined

  constructor(resolve: (result: PublishResult) => void, reject: (error: Error) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  /** From now on an abort does this. */
  heed(signal: AbortSignal, onAbort: () => void): void {
    this.#ignore()
    this.#signal = signal
    this.#onAbort = onAbort
    signal.addEventListener('abort', onAbort, { once: true })
  }

  #ignore(): void {
    if (this.#onAbort) this.#signal!.removeEventListener('abort', this.#onAbort)
    this.#onAbort = undefined
  }

  stored(entry: Entry, place: Stored): void {
    this.#ignore()
    if (this.call !== undefined) publishStored(this.call, place)
    this.#resolve({ id: entry.id, ...place })
  }

  failed(_entry: Entry | undefined, error: Error): void {
    this.#ignore()
    if (this.call !== undefined) publishFailed(this.call, error)
    this.#reject(error)
  }
}

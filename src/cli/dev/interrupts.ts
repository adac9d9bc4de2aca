/**
 * SIGINT and SIGTERM while something runs: the first asks it to come to an end, the second leaves at once.
 * @module
 */
import { exitCodes } from '../exit-codes.ts'
import type { Shell } from '../shell.ts'

export class Interrupts {
  readonly #abort = new AbortController()
  readonly #off: () => void

  constructor(shell: Pick<Shell, 'onSignal' | 'leave'>, beforeLeaving?: () => void) {
    this.#off = shell.onSignal((signal) => {
      if (!this.#abort.signal.aborted) {
        this.#abort.abort(new Error(`${signal} received`))
        return
      }
      beforeLeaving?.()
      shell.leave(signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated)
    })
  }

  /** Aborts at the first signal. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** The process answers signals as before. */
  close(): void {
    this.#off()
  }
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

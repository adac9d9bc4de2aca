/**
 * Calls that wait for something to look at again.
 * @module
 */
import type { Clock, Timer } from '../../clock.ts'

export class Waiting {
  readonly #calls = new Set<() => void>()

  wakeAll(): void {
    for (const wake of this.#calls) wake()
  }

  /** Until `wakeAll`, the time is over, or the signal (then it rejects with its reason). */
  wait(clock: Clock, waitMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        timer?.cancel()
        this.#calls.delete(wake)
        signal?.removeEventListener('abort', abort)
      }
      const wake = (): void => {
        done()
        resolve()
      }
      const abort = (): void => {
        done()
        reject(signal!.reason as Error)
      }
      const timer: Timer | undefined = waitMs === Infinity ? undefined : clock.setTimer(waitMs, wake)
      this.#calls.add(wake)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }
}

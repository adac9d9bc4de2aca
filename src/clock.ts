/**
 * Time as a value that is handed in. Nothing under `src/` calls `Date.now`, `setTimeout` or `setImmediate`
 * except this file, so a test (or a simulation) can hold time in its hand.
 * @module
 */

/** A timer that has been set; `cancel()` after it fired does nothing. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall-clock time, milliseconds since the Unix epoch. May jump backwards; never use it for durations. */
  now(): number
  /** Milliseconds from an arbitrary start, never going backwards, with fractions. For durations and deadlines. */
  monotonic(): number
  /** Calls `fire` once after `delayMs`. Timers that must not keep the process alive say `{ unref: true }`. */
  setTimer(delayMs: number, fire: () => void, options?: { unref?: boolean }): Timer
  /** Lets input and output (and due timers) happen before going on. */
  yield(): Promise<void>
}

/**
 * Milliseconds that all threads of this process count from the same start, never going backwards, and going on while the process is
 * stopped. `Clock.monotonic()` counts for each thread from its own.
 */
export function processMonotonic(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, fire, options) {
    const handle = setTimeout(fire, delayMs)
    if (options?.unref) handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
  yield: () => new Promise((resolve) => setImmediate(resolve)),
}

/**
 * Resolves after `delayMs` on `clock`; rejects with the signal's reason when it aborts first.
 * @throws the `AbortSignal`'s reason
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const onAbort = (): void => {
      timer.cancel()
      reject(signal!.reason as Error)
    }
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * A clock for tests of applications: time passes as usual, and can be moved on at will.
 * @module
 */
import { systemClock, type Clock, type Timer } from '../clock.ts'

interface Pending {
  readonly at: number
  readonly fire: () => void
  readonly options: { unref?: boolean } | undefined
  real: Timer
}

/**
 * Runs with the machine's time, so that an application on a real log goes on by itself; `advance` lets hours pass at once:
 * backoffs end, breakers probe, windows close.
 * @example
 * clock.advance(60_000)
 */
export class TestClock implements Clock {
  #offsetMs = 0
  #wallShiftMs = 0
  readonly #pending = new Set<Pending>()

  now(): number {
    return systemClock.now() + this.#offsetMs + this.#wallShiftMs
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#offsetMs
  }

  setTimer(delayMs: number, fire: () => void, options?: { unref?: boolean }): Timer {
    const pending: Pending = {
      at: this.monotonic() + delayMs,
      fire: () => {
        this.#pending.delete(pending)
        fire()
      },
      options,
      real: systemClock.setTimer(delayMs, () => pending.fire(), options),
    }
    this.#pending.add(pending)
    return {
      cancel: () => {
        pending.real.cancel()
        this.#pending.delete(pending)
      },
    }
  }

  yield(): Promise<void> {
    return systemClock.yield()
  }

  /**
   * Moves time on by `ms` and fires what has become due, in order.
   * @throws RangeError for less than 0: time does not go back (a wall clock does, see {@link shiftWallClock})
   */
  advance(ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`Time cannot be advanced by ${ms} ms.`)
    this.#offsetMs += ms
    const due = [...this.#pending].filter(({ at }) => at <= this.monotonic()).sort((a, b) => a.at - b.at)
    for (const pending of this.#pending) {
      if (due.includes(pending)) continue
      pending.real.cancel()
      pending.real = systemClock.setTimer(pending.at - this.monotonic(), () => pending.fire(), pending.options)
    }
    for (const pending of due) {
      pending.real.cancel()
      if (this.#pending.has(pending)) pending.fire()
    }
  }

  /** Moves wall-clock time, also backwards, as a machine's clock being set does; durations and timers do not notice. */
  shiftWallClock(ms: number): void {
    this.#wallShiftMs += ms
  }
}

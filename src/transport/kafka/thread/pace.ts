/**
 * The pause between two heartbeats, which ends early when there is something to say.
 * @module
 */
import type { Clock } from '../../../clock.ts'

export class Pace {
  readonly #clock: Clock
  #wake: (() => void) | undefined
  #isPoked = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ends the pause, or makes the next one end at once. */
  poke(): void {
    this.#isPoked = true
    this.#wake?.()
  }

  pause(pauseMs: number): Promise<void> {
    if (this.#isPoked) {
      this.#isPoked = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel()
        this.#wake = undefined
        this.#isPoked = false
        resolve()
      }
      const timer = this.#clock.setTimer(pauseMs, end)
      this.#wake = end
    })
  }
}

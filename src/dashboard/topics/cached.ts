/**
 * An answer that is the same for all who ask within a moment.
 * @module
 */
import type { Clock } from '../../clock.ts'

export class Cached<T> {
  readonly #clock: Clock
  readonly #forMs: number
  readonly #ask: () => Promise<T>
  #answer: Promise<T> | undefined
  #until = 0

  constructor(clock: Clock, forMs: number, ask: () => Promise<T>) {
    this.#clock = clock
    this.#forMs = forMs
    this.#ask = ask
  }

  get(): Promise<T> {
    if (this.#answer !== undefined && this.#clock.monotonic() < this.#until) return this.#answer
    // While it is being asked nobody asks again.
    this.#until = Infinity
    const answer = this.#ask()
    this.#answer = answer
    answer.then(
      () => (this.#until = this.#clock.monotonic() + this.#forMs),
      () => (this.#answer = undefined),
    )
    return answer
  }
}

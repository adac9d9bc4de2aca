/**
 * A counter made of totals that somebody else counts, and begins anew when it starts again.
 * @module
 */
import type { Value } from './series.ts'

export class RunningTotal {
  readonly #counter: Value
  #last = 0

  constructor(counter: Value) {
    this.#counter = counter
  }

  /** @param total what was counted since the other side started; less than before: it has started again */
  reached(total: number): void {
    this.#counter.add(total < this.#last ? total : total - this.#last)
    this.#last = total
  }
}

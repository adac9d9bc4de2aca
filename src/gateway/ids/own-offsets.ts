/**
 * Which offsets of a partition this gateway stored itself, as far as they were not read yet: runs, for it stores many side by side.
 * @module
 */

/** Of more, what is stored is read as what others store. */
const mostRuns = 1_000

export class OwnOffsets {
  /** Begin and end of each run, ascending. */
  readonly #runs: number[] = []
  #count = 0

  /** How many there are. */
  get count(): number {
    return this.#count
  }

  /** Offsets come in the order they were stored in; one that does not is left out. */
  add(offset: number): void {
    const runs = this.#runs
    const last = runs.length - 1
    if (last >= 0 && offset < runs[last]!) return
    if (last >= 0 && offset === runs[last]) runs[last] = offset + 1
    else if (runs.length < mostRuns * 2) runs.push(offset, offset + 1)
    else return
    this.#count++
  }

  /** Nobody asks for those below `offset` any more. */
  forgetBelow(offset: number): void {
    const runs = this.#runs
    let over = 0
    while (over < runs.length && runs[over + 1]! <= offset) {
      this.#count -= runs[over + 1]! - runs[over]!
      over += 2
    }
    if (over > 0) runs.splice(0, over)
    if (runs.length === 0 || runs[0]! >= offset) return
    this.#count -= offset - runs[0]!
    runs[0] = offset
  }

  /** Where the run that `offset` lies in ends; `offset` when it lies in none. None below it is asked for any more. */
  endOfRun(offset: number): number {
    this.forgetBelow(offset)
    return this.#runs[0] === offset ? this.#runs[1]! : offset
  }
}

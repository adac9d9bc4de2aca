/**
 * How many events may be in flight at once: a part of the room is kept for the most urgent lane, so that a flood of the others never shuts
 * it out.
 * @module
 */

export class Admission {
  readonly #maxEvents: number
  readonly #maxOfOthers: number
  #events = 0

  /** @param reserve part of `maxEvents` that only the most urgent lane may take, 0..1 */
  constructor(maxEvents: number, reserve: number) {
    this.#maxEvents = maxEvents
    this.#maxOfOthers = Math.max(1, Math.floor(maxEvents * (1 - reserve)))
  }

  /** Events in flight. */
  get events(): number {
    return this.#events
  }

  /** Takes room for `count` events of a lane; false when there is none. */
  enter(count: number, isMostUrgent: boolean): boolean {
    const limit = isMostUrgent ? this.#maxEvents : this.#maxOfOthers
    // A request that is larger than the room on its own is let in alone, or it could never be.
    if (this.#events > 0 && this.#events + count > limit) return false
    this.#events += count
    return true
  }

  leave(count: number): void {
    this.#events -= count
  }
}

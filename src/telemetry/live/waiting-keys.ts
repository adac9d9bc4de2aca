/**
 * Which keys wait for a repeated attempt, told from the events' own channels.
 * @module
 */
import type { EventNote } from '../../channels.ts'

/** Above this many keys counting stops being exact, so that an outage does not grow memory. */
const mostKeys = 50_000

/** Keys between a failed attempt and the next one, by lane. */
export class WaitingKeys {
  readonly #laneOf = new Map<string, string>()
  readonly #byLane = new Map<string, number>()

  waits(note: EventNote): void {
    const id = idOf(note)
    if (this.#laneOf.has(id) || this.#laneOf.size >= mostKeys) return
    this.#laneOf.set(id, note.lane)
    this.#byLane.set(note.lane, this.in(note.lane) + 1)
  }

  goesOn(note: EventNote): void {
    if (this.#laneOf.size > 0 && this.#laneOf.delete(idOf(note))) this.#byLane.set(note.lane, this.in(note.lane) - 1)
  }

  in(lane: string): number {
    return this.#byLane.get(lane) ?? 0
  }
}

function idOf(note: EventNote): string {
  return `${note.subscription}\n${note.topic}\n${note.partition}\n${note.key}`
}

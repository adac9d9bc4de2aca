/**
 * How far a broker's clock is from this machine's. A probe was stored between sending and its acknowledgement, so what the broker's clock said
 * then, against both of ours, are bounds of the difference: certain, and as wide as the round trip.
 * @module
 */
import type { Bracket } from './account.ts'

export interface ClockOffset {
  /** Positive: the broker is ahead. Milliseconds, the middle of the bounds. */
  readonly offsetMs: number
  /** The true difference is at most this far from `offsetMs`. */
  readonly withinMs: number
}

/** Both clocks count whole milliseconds. */
const resolutionMs = 1
/** A narrow bound from long ago says less than a wider one of now: clocks drift, and are set. */
const validMs = 60_000

export function offsetOf({ sentWall, acknowledgedWall, storedAt }: Bracket): ClockOffset {
  const least = storedAt - (acknowledgedWall + resolutionMs)
  const most = storedAt + resolutionMs - sentWall
  return { offsetMs: (least + most) / 2, withinMs: (most - least) / 2 }
}

/** The best known offsets, by broker. */
export class ClockOffsets {
  readonly #known = new Map<number, ClockOffset & { readonly at: number }>()

  /** @param at monotonic milliseconds */
  add(broker: number, bracket: Bracket, at: number): void {
    const offset = offsetOf(bracket)
    // The wall clock was set back while the probe was on its way: nothing can be said.
    if (offset.withinMs < resolutionMs) return
    const known = this.#known.get(broker)
    if (known !== undefined && known.withinMs <= offset.withinMs && at - known.at < validMs) return
    this.#known.set(broker, { ...offset, at })
  }

  get all(): readonly (ClockOffset & { readonly broker: number })[] {
    return [...this.#known]
      .toSorted(([a], [b]) => a - b)
      .map(([broker, { offsetMs, withinMs }]) => ({ broker, offsetMs, withinMs }))
  }
}

/**
 * How much of a partition is worth holding in memory: what is worked off in a moment. A partition with slow handlers holds little, so
 * that a backlog costs no memory; one that runs dry measures faster, and asks for more the next time. Where fetches are slow (a log far
 * away, a busy machine), a moment is several fetches' time. Pure: time comes in.
 * @module
 */

/** Usually several fetches' time, so that a partition does not run dry while its next records come. */
const horizonMs = 100
/** Where fetches take longer. Records are asked for when half is left; as much again is for the rate, which is measured low while it ran dry. */
const horizonFetches = 4
/** Shorter stretches say little about the rate. */
const leastStretchMs = 5

export class Demand {
  private since = 0
  private doneBytes = 0
  private bytesPerMs = 0
  /** What the last fetch took whose records lay ready when they were asked for. */
  private fetchMs = 0
  private hasMore = false

  /** Records of this size were finished. */
  done(bytes: number): void {
    this.doneBytes += bytes
  }

  /**
   * A fetch was answered after `tookMs`. `hasMore`: behind its records lay others already, so that the next one need not wait for any.
   */
  fetched(tookMs: number, hasMore: boolean): void {
    if (this.hasMore) this.fetchMs = tookMs
    this.hasMore = hasMore
  }

  /** Bytes worth holding, between `least` and `most`. */
  bytes(now: number, least: number, most: number): number {
    const stretchMs = now - this.since
    if (stretchMs >= leastStretchMs) {
      this.bytesPerMs = this.doneBytes / stretchMs
      this.doneBytes = 0
      this.since = now
    }
    return Math.max(least, Math.min(most, this.bytesPerMs * Math.max(horizonMs, this.fetchMs * horizonFetches)))
  }
}

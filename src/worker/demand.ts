/**
 * How much of a partition is worth holding in memory: what is worked off in a moment. A partition with slow handlers holds little, so
 * that a backlog costs no memory; one that runs dry measures faster, and asks for more the next time. Pure: time comes in.
 * @module
 */

/** Several fetches' time, so that a partition does not run dry while its next records come. */
const horizonMs = 100
/** Shorter stretches say little about the rate. */
const leastStretchMs = 5

export class Demand {
  private since = 0
  private doneBytes = 0
  private bytesPerMs = 0

  /** Records of this size were finished. */
  done(bytes: number): void {
    this.doneBytes += bytes
  }

  /** Bytes worth holding, between `least` and `most`. */
  bytes(now: number, least: number, most: number): number {
    const stretchMs = now - this.since
    if (stretchMs >= leastStretchMs) {
      this.bytesPerMs = this.doneBytes / stretchMs
      this.doneBytes = 0
      this.since = now
    }
    return Math.max(least, Math.min(most, this.bytesPerMs * horizonMs))
  }
}

/**
 * The memory of one fetched batch. A backlog goes through a worker by the megabyte, in objects too few for the garbage collector to
 * hurry: so it is given back when the last event that lies in it is done.
 * @module
 */
export class Lease {
  private readonly release: () => void
  /** Whoever delivers the batch holds it too. */
  private holders = 1

  constructor(release: () => void) {
    this.release = release
  }

  hold(): void {
    this.holders++
  }

  giveBack(): void {
    if (--this.holders === 0) this.release()
  }
}

/**
 * One append request on its way. Where a log tells outcomes as they come, those are taken at once: what lies on brokers that are well
 * does not wait for one that is not.
 * @module
 */
import type { Entry, Partition } from './entry.ts'
import type { Outbox } from './outbox.ts'

export class Flight {
  readonly entries: readonly Entry[]
  /** Resolves when the request has ended, however. */
  readonly ended: Promise<void>
  readonly end: () => void
  /** Places of entries that are told already. */
  readonly #told: Uint8Array
  /** Entries of each partition without an outcome; set from when the request is slow. */
  #open: Map<Partition, number> | undefined

  constructor(entries: readonly Entry[]) {
    this.entries = entries
    this.#told = new Uint8Array(entries.length)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.end = resolve
  }

  isTold(place: number): boolean {
    return this.#told[place] === 1
  }

  /** @returns false when it was told before */
  tell(place: number, outbox: Outbox): boolean {
    if (this.#told[place] === 1) return false
    this.#told[place] = 1
    const { partition } = this.entries[place]!
    const left = this.#open?.get(partition)
    if (left === undefined) return true
    if (left > 1) this.#open!.set(partition, left - 1)
    else {
      this.#open!.delete(partition)
      outbox.release(partition)
    }
    return true
  }

  /** It takes long: what comes later for its partitions is held back, and other partitions go on. */
  becomeSlow(outbox: Outbox): void {
    this.#open = new Map()
    for (const [place, { partition }] of this.entries.entries()) {
      if (this.isTold(place)) continue
      const count = this.#open.get(partition) ?? 0
      if (count === 0) outbox.park(partition)
      this.#open.set(partition, count + 1)
    }
  }

  /** Its partitions are held back for it no longer. */
  land(outbox: Outbox): void {
    for (const partition of this.#open?.keys() ?? []) outbox.release(partition)
    this.#open = undefined
  }
}

/**
 * Entries waiting to be sent: by lane, in order by partition. A partition that failed is held back, and with it everything that
 * comes later for it; other partitions go on.
 * @module
 */
import type { Entry, Partition } from './entry.ts'
import { Queue } from './queue.ts'

export interface BatchLimits {
  readonly maxBatchEvents: number
  readonly maxBatchBytes: number
}

interface LaneQueue {
  readonly minShare: number
  /** Entries whose partition was held back: before those in `fresh`. */
  readonly again: Queue<Entry>
  readonly fresh: Queue<Entry>
}

/** So often the lowest lane's first entry goes before all: however small batches are or large the events above it, it moves on. */
const lowestFirstEvery = 16

export class Outbox {
  readonly #limits: BatchLimits
  readonly #lanes: readonly LaneQueue[]
  readonly #heldPartitions = new Set<Partition>()
  #ready = 0
  #batches = 0

  constructor(limits: BatchLimits, lanes: readonly { readonly minShare: number }[]) {
    this.#limits = limits
    this.#lanes = lanes.map(({ minShare }) => ({ minShare, again: new Queue(), fresh: new Queue() }))
  }

  /** Entries that are not held back. (Some may turn out to belong to a partition that is.) */
  get ready(): number {
    return this.#ready
  }

  add(entry: Entry): void {
    this.#ready++
    this.#lanes[entry.destination.laneIndex]!.fresh.push(entry)
  }

  /** Holds the entry back together with everything later of its partition. Answers true when the partition was not held back before. */
  hold(entry: Entry): boolean {
    const { partition } = entry
    if (partition.held) {
      partition.held.push(entry)
      return false
    }
    partition.held = [entry]
    this.#heldPartitions.add(partition)
    return true
  }

  /** Holds everything back that comes for a partition, of which entries are on their way. It must not be held back already. */
  park(partition: Partition): void {
    partition.held = []
    this.#heldPartitions.add(partition)
  }

  /** Lets the partition's entries be taken again, before all later ones. */
  release(partition: Partition): void {
    const held = partition.held ?? []
    partition.held = undefined
    this.#heldPartitions.delete(partition)
    // To the front: later entries of the partition may still lie in `again`, not reached since its last release.
    if (held.length > 0) this.#lanes[held[0]!.destination.laneIndex]!.again.prepend(held)
    this.#ready += held.length
  }

  /** The next append request: urgent lanes first, leaving each lower lane that waits its minimum share. Empty when nothing is ready. */
  take(): Entry[] {
    const batch: Entry[] = []
    let bytes = 0
    const lowest = ++this.#batches % lowestFirstEvery === 0 ? this.#takeLowest() : undefined
    if (lowest) {
      batch.push(lowest)
      bytes += lowest.bytes
    }
    for (const [index, lane] of this.#lanes.entries()) {
      const rest = 1 - this.#sharesBelow(index)
      const maxEvents = Math.max(1, Math.floor(this.#limits.maxBatchEvents * rest))
      const maxBytes = this.#limits.maxBatchBytes * rest
      while (batch.length < maxEvents) {
        const entry = this.#next(lane)
        if (!entry || (batch.length > 0 && bytes + entry.bytes > maxBytes)) break
        this.#drop(lane)
        batch.push(entry)
        bytes += entry.bytes
      }
    }
    return batch
  }

  #takeLowest(): Entry | undefined {
    for (const lane of this.#lanes.toReversed()) {
      const entry = this.#next(lane)
      if (!entry) continue
      this.#drop(lane)
      return entry
    }
    return undefined
  }

  #sharesBelow(index: number): number {
    let shares = 0
    for (const lane of this.#lanes.slice(index + 1)) if (lane.again.size + lane.fresh.size > 0) shares += lane.minShare
    return Math.min(shares, 1)
  }

  /** First entry of the lane whose partition is not held back; those before it join what is held. */
  #next(lane: LaneQueue): Entry | undefined {
    for (;;) {
      const entry = lane.again.peek() ?? lane.fresh.peek()
      if (!entry?.partition.held) return entry
      this.#drop(lane)
      entry.partition.held.push(entry)
    }
  }

  #drop(lane: LaneQueue): void {
    this.#ready--
    if (lane.again.shift() === undefined) lane.fresh.shift()
  }

  /** Takes one entry out, wherever it waits. */
  remove(entry: Entry): void {
    const { again, fresh } = this.#lanes[entry.destination.laneIndex]!
    if (again.remove(entry) || fresh.remove(entry)) this.#ready--
    else if (entry.partition.held) entry.partition.held = entry.partition.held.filter((held) => held !== entry)
  }

  /** Takes out and answers with every entry that has waited since before `time`. */
  removeOlder(time: number): Entry[] {
    const old: Entry[] = []
    const keep = (entry: Entry): boolean => {
      if (entry.since >= time) return true
      old.push(entry)
      return false
    }
    for (const partition of this.#heldPartitions) partition.held = partition.held!.filter(keep)
    const held = old.length
    for (const { again, fresh } of this.#lanes) {
      // Fresh entries are in the order they came: mostly the first look is enough.
      again.filter(keep)
      if ((fresh.peek()?.since ?? Infinity) < time) fresh.filter(keep)
    }
    this.#ready -= old.length - held
    return old
  }
}

/**
 * Events one of which may have ended an earlier process. All that may have been running then are counted, the guilty with the innocent.
 * So what was counted before, or has only one attempt left, starts one at a time: should the process end again, one event pays for it.
 * @module
 */
import type { Item } from './item.ts'
import type { PartitionWork } from './partition-work.ts'

interface Suspect {
  readonly work: PartitionWork
  readonly item: Item
}

export class Suspects {
  private readonly attempts: number
  private readonly start: (work: PartitionWork, item: Item) => void
  private waiting: Suspect[] = []
  /** The one whose turn it is. */
  private alone: Item | undefined

  /**
   * @param attempts how many an event has
   * @param start starts an attempt; `over` is to be called when it has ended, or when there was none after all
   */
  constructor(attempts: number, start: (work: PartitionWork, item: Item) => void) {
    this.attempts = attempts
    this.start = start
  }

  /** Starts it now, or when its turn comes. */
  add(work: PartitionWork, item: Item): void {
    if (item.attempts === 0 && this.attempts > 1) return this.start(work, item)
    this.waiting.push({ work, item })
    this.next()
  }

  over(item: Item): void {
    if (this.alone !== item) return
    this.alone = undefined
    this.next()
  }

  /** Forgets what waits of partitions that end. */
  drop(of: (work: PartitionWork) => boolean): void {
    this.waiting = this.waiting.filter(({ work }) => !of(work))
  }

  private next(): void {
    if (this.alone) return
    const suspect = this.waiting.shift()
    if (!suspect) return
    this.alone = suspect.item
    this.start(suspect.work, suspect.item)
  }
}

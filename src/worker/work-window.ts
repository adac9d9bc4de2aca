/**
 * The events of a partition from the first that is not done to the last fetched, in offset order.
 * @module
 */
import { keyHash, type OpenEntry } from './commit-state.ts'
import { letGo, type Item, type KeyQueue } from './item.ts'

export class WorkWindow {
  private items: Item[] = []
  /** Those before are done. */
  private head = 0

  /** The first that is not done. */
  get first(): Item | undefined {
    return this.items[this.head]
  }

  get size(): number {
    return this.items.length - this.head
  }

  /** Its offset is above all that were added before. */
  add(item: Item): void {
    this.items.push(item)
  }

  /** Something was done: lets go of what is done at the front. */
  advance(): void {
    while (this.head < this.items.length && this.items[this.head]!.done) letGo(this.items, this.head++)
    if (this.head === this.items.length) {
      this.items = []
      this.head = 0
    } else if (this.head >= 1024 && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
  }

  /** First unfinished offset of every key below `high`. */
  openBelow(high: number): OpenEntry[] {
    const firsts = new Map<KeyQueue, { item: Item; followers: boolean }>()
    for (let i = this.head; i < this.items.length; i++) {
      const item = this.items[i]!
      if (item.offset >= high) break
      if (item.done) continue
      const first = firsts.get(item.queue)
      if (first) first.followers = true
      else firsts.set(item.queue, { item, followers: false })
    }
    return [...firsts.values()].map(({ item, followers }) => ({
      offset: item.offset,
      keyHash: followers ? keyHash(item.queue.key) : undefined,
      attempts: item.attempts,
      firstAttemptAt: item.firstAttemptAt,
      lastAttemptAt: item.lastAttemptAt,
    }))
  }
}

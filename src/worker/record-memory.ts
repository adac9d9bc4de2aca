/**
 * How much of a partition lies in memory. What waits behind a key's next attempt is counted apart, and lies no longer in the batch it
 * came in.
 * @module
 */
import { Demand } from './demand.ts'
import { detached, leaveBatch, type Item, type KeyQueue } from './item.ts'

export class RecordMemory {
  /** Bytes of records in memory, and of these, those behind a key that waits for its next attempt. */
  bytes = 0
  waitingBytes = 0
  /** Events done so far. */
  done = 0
  /** How fast it is worked off. */
  readonly demand = new Demand()

  add(item: Item): void {
    this.bytes += item.bytes
  }

  /** The event is done. */
  free(item: Item): void {
    item.record = undefined
    this.done++
    leaveBatch(item)
    if (item.letter) return
    this.bytes -= item.bytes
    this.demand.done(item.bytes)
  }

  /** It will stay for a while: no longer a view of the batch it came in. */
  hold(queue: KeyQueue, item: Item): void {
    if (item.letter) return
    if (item.record && !item.held) item.record = detached(item.record)
    item.held = true
    leaveBatch(item)
    queue.waitingBytes += item.bytes
    this.waitingBytes += item.bytes
  }

  /** The key waits no longer. */
  release(queue: KeyQueue): void {
    this.waitingBytes -= queue.waitingBytes
    queue.waitingBytes = 0
  }
}

/**
 * How much the commit state of a partition has to describe: keys whose head lies below `high`, and those whose head has failed.
 * @module
 */
import { entryBytes } from './commit-state.ts'
import type { KeyQueue } from './item.ts'

export class OpenKeys {
  private open = 0
  private failing = 0

  setOpen(queue: KeyQueue, open: boolean): void {
    if (queue.open !== open) this.open += open ? 1 : -1
    queue.open = open
  }

  setFailing(queue: KeyQueue, failing: boolean): void {
    if (queue.failing !== failing) this.failing += failing ? 1 : -1
    queue.failing = failing
  }

  /** Nothing of the key is to be described. */
  leave(queue: KeyQueue): void {
    this.setOpen(queue, false)
    this.setFailing(queue, false)
  }

  /** Bytes of the commit state at most, should one key more be opened. */
  get bytesWithOneMore(): number {
    return (
      entryBytes.header + (this.open + 1) * entryBytes.plain + this.failing * (entryBytes.attempts - entryBytes.plain)
    )
  }
}

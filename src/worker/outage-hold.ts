/**
 * Keys held back by an outage: they go on together when it ends, or each by itself when its time is up.
 * @module
 */
import type { Clock } from '../clock.ts'
import type { KeyQueue } from './item.ts'
import type { PartitionWork } from './partition-work.ts'

export class OutageHold {
  private readonly clock: Clock
  private readonly resume: (work: PartitionWork, queue: KeyQueue) => void
  private readonly held = new Map<KeyQueue, PartitionWork>()

  constructor(clock: Clock, resume: (work: PartitionWork, queue: KeyQueue) => void) {
    this.clock = clock
    this.resume = resume
  }

  hold(work: PartitionWork, queue: KeyQueue, delayMs: number): void {
    this.held.set(queue, work)
    const timeUp = (): void => {
      if (this.held.has(queue)) this.letGo(work, queue)
    }
    this.clock.setTimer(delayMs, timeUp, { unref: true })
  }

  /** The outage is over. */
  end(): void {
    for (const [queue, work] of [...this.held]) this.letGo(work, queue)
  }

  private letGo(work: PartitionWork, queue: KeyQueue): void {
    this.held.delete(queue)
    this.resume(work, queue)
  }
}

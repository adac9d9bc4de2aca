/**
 * Stores how far a subscription is: every interval when something changed, at once when somebody waits for it.
 * One commit is on its way at a time, with all partitions that changed.
 * @module
 */
import { channelOf } from '../channels.ts'
import type { Clock, Timer } from '../clock.ts'
import type { AppendRecord, CommitPosition, Consumer } from '../transport/index.ts'
import { HandlerInterrupted } from './errors.ts'
import type { PartitionWork } from './partition-work.ts'

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

export interface CommitterOptions {
  readonly subscription: string
  readonly clock: Clock
  readonly intervalMs: number
  readonly partitions: () => Iterable<PartitionWork>
  readonly consumer: () => Consumer | undefined
  /** A commit was stored: what was held back by it may go on. */
  readonly stored: () => void
  readonly trouble: (doing: string, error: Error) => void
}

const committed = channelOf('veltrix:worker:commit')
const retryMinMs = 50
const retryMaxMs = 2_000

export class Committer {
  private readonly options: CommitterOptions
  private readonly waiters = new Map<PartitionWork, Waiter[]>()
  private timer: Timer | undefined
  private timerAt = Infinity
  private committing: Promise<void> | undefined
  private urgent = false
  private failures = 0
  private stopped = false
  /** After a refusal of the whole call, each partition alone: one that was lost must not hold up the others. */
  private oneByOne = false

  constructor(options: CommitterOptions) {
    this.options = options
  }

  /** Something changed: commit within the interval. */
  touch(): void {
    if (this.timer === undefined && !this.committing) this.schedule(this.options.intervalMs)
  }

  /** Commit as soon as the one on its way has ended. */
  request(): void {
    this.urgent = true
    if (!this.committing) this.schedule(this.retryDelay())
  }

  /**
   * Resolves when a state taken after this call is stored.
   * @throws HandlerInterrupted when the partition goes away first
   */
  persisted(work: PartitionWork): Promise<void> {
    if (work.gone || this.stopped) return Promise.reject(interrupted())
    work.dirty = true
    return new Promise((resolve, reject) => {
      const waiters = this.waiters.get(work)
      if (waiters) waiters.push({ resolve, reject })
      else this.waiters.set(work, [{ resolve, reject }])
      this.request()
    })
  }

  /** Tells those who wait for a partition that it is gone. */
  drop(work: PartitionWork): void {
    for (const waiter of this.waiters.get(work) ?? []) waiter.reject(interrupted())
    this.waiters.delete(work)
  }

  /** Nothing is committed from now on. */
  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    for (const work of [...this.waiters.keys()]) this.drop(work)
  }

  /** The commit on its way is not waited for any more: the membership it belongs to has ended. */
  abandon(): void {
    this.committing = undefined
    this.scheduleNext()
  }

  private schedule(delayMs: number): void {
    const at = this.options.clock.monotonic() + delayMs
    if (this.stopped || (this.timer && this.timerAt <= at)) return
    this.timer?.cancel()
    this.timerAt = at
    this.timer = this.options.clock.setTimer(delayMs, () => {
      this.timer = undefined
      const committing = this.commit().finally(() => {
        if (this.committing !== committing) return
        this.committing = undefined
        this.scheduleNext()
      })
      this.committing = committing
    })
  }

  private scheduleNext(): void {
    if (![...this.options.partitions()].some((work) => work.commitsNext)) return
    this.schedule(
      this.urgent || this.waiters.size > 0 ? this.retryDelay() : Math.max(this.options.intervalMs, this.retryDelay()),
    )
  }

  private retryDelay(): number {
    return this.failures === 0 ? 0 : Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(this.failures - 1, 10))
  }

  private async commit(): Promise<void> {
    this.urgent = false
    const works = [...this.options.partitions()].filter((work) => work.commitsNext)
    const consumer = this.options.consumer()
    if (works.length === 0 || !consumer) return
    const groups = this.oneByOne ? works.map((work) => [work]) : [works]
    let failed = false
    for (const group of groups) {
      // Taken away while the groups before were committed: it may be held anew by now, and what this one knows is old.
      const held = group.filter((work) => !work.gone)
      if (held.length > 0) failed = !(await this.commitGroup(consumer, held)) || failed
    }
    this.failures = failed ? this.failures + 1 : 0
    this.oneByOne = failed && !this.oneByOne
  }

  private async commitGroup(consumer: Consumer, works: readonly PartitionWork[]): Promise<boolean> {
    const { clock, subscription } = this.options
    const startedAt = clock.monotonic()
    const taken = works.map((work) => {
      const waiters = this.waiters.get(work) ?? []
      this.waiters.delete(work)
      // At one moment: an event is done in this commit just when what it published is stored with it.
      return { work, waiters, ...work.snapshot(), staged: work.staged.take() }
    })
    const positions: CommitPosition[] = taken.map(({ work, offset, metadata }) => ({
      topic: work.topic,
      partition: work.partition,
      offset,
      metadata,
    }))
    try {
      const records = taken.flatMap(({ staged }) => staged)
      await (records.length > 0 ? consumer.commit(positions, records) : consumer.commit(positions))
    } catch (error) {
      for (const { work, waiters, staged } of taken) this.giveBack(work, waiters, staged)
      this.options.trouble('commit', error as Error)
      return false
    }
    for (const { work, waiters, reserved } of taken) {
      work.reservedStored = Math.max(work.reservedStored, reserved)
      for (const waiter of waiters) waiter.resolve()
    }
    if (committed.hasSubscribers) {
      const metadataBytes = positions.reduce((most, { metadata }) => Math.max(most, metadata.length), 0)
      committed.publish({
        subscription,
        partitions: positions.length,
        durationMs: clock.monotonic() - startedAt,
        metadataBytes,
      })
    }
    this.options.stored()
    return true
  }

  private giveBack(work: PartitionWork, waiters: Waiter[], staged: readonly AppendRecord[]): void {
    work.dirty = true
    work.staged.giveBack(staged)
    if (work.gone || this.stopped) {
      for (const waiter of waiters) waiter.reject(interrupted())
    } else if (waiters.length > 0) {
      this.waiters.set(work, [...waiters, ...(this.waiters.get(work) ?? [])])
    }
  }
}

function interrupted(): HandlerInterrupted {
  return new HandlerInterrupted('The partition was taken away, or the worker stops.')
}

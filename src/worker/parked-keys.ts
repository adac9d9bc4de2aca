/**
 * Keys whose events wait behind a dead one (`park-key`): putting them there, and deciding what such a key does next.
 * @module
 */
import { channelOf, type EventNote } from '../channels.ts'
import type { Clock } from '../clock.ts'
import type { DeadLetterIndex, IndexedLetter } from '../deadletter/index.ts'
import type { AppendRecord } from '../transport/index.ts'
import { queueLength, type Item, type KeyQueue } from './item.ts'
import type { LetterJournal } from './letter-journal.ts'
import type { PartitionWork } from './partition-work.ts'

export interface ParkedKeysOptions {
  readonly clock: Clock
  readonly index: DeadLetterIndex
  readonly journal: LetterJournal
  /** Reviews end when it aborts. */
  readonly signal: AbortSignal
  /** It is a letter's turn. */
  readonly run: (work: PartitionWork, queue: KeyQueue, letter: IndexedLetter) => void
  readonly note: (work: PartitionWork, item: Item) => EventNote
  readonly trouble: (doing: string, error: Error) => void
}

const parkedChannel = channelOf('veltrix:worker:parked')
const reviewRetryMs = 500
/** Of one append so many events are announced. */
const maxAnnounced = 100

export class ParkedKeys {
  private readonly options: ParkedKeysOptions

  constructor(options: ParkedKeysOptions) {
    this.options = options
  }

  /** Live events of parked keys go behind their dead letter. */
  park(work: PartitionWork, items: readonly Item[]): void {
    const byQueue = Map.groupBy(items, (item) => item.queue)
    for (const [queue, parked] of byQueue) this.store(work, queue, parked)
  }

  /** A key is parked behind an event that has just died; `dead` keeps it. */
  parkBehind(work: PartitionWork, item: Item, dead: AppendRecord, followers: readonly Item[]): void {
    this.store(work, item.queue, [item, ...followers], dead)
  }

  /** @param dead keeps the first of the items; the others are parked */
  private store(work: PartitionWork, queue: KeyQueue, items: readonly Item[], dead?: AppendRecord): void {
    const { journal } = this.options
    const records = items.map((item, index) => (index === 0 && dead ? dead : journal.parked(work, item)))
    queue.parking++
    queue.everParked++
    const first = items[0]!.offset
    queue.parkingFrom = (queue.parkingFrom ?? new Set()).add(first)
    this.announce(work, dead ? items.slice(1) : items)
    journal.store(work, records, () => {
      queue.parking--
      queue.parkingFrom?.delete(first)
      for (const item of items) work.finish(item)
      // Somebody may have redriven or discarded the head while followers were on their way.
      if (queue.parking === 0) void this.review(work, queue)
    })
  }

  /**
   * Decides what a parked key does next: run the letter at its head (asked for, or freed), stay parked, or be free again.
   * The key is freed only when a reading of the dead topic, begun after its last parked event was stored, finds nothing left.
   */
  async review(work: PartitionWork, queue: KeyQueue): Promise<void> {
    queue.reviewAgain = true
    if (queue.reviewing) return
    queue.reviewing = true
    try {
      while (queue.reviewAgain && this.isReviewable(work, queue)) {
        queue.reviewAgain = false
        await this.reviewOnce(work, queue)
      }
    } catch (error) {
      this.options.trouble('review a parked key', error as Error)
      this.reviewLater(work, queue)
    } finally {
      queue.reviewing = false
    }
  }

  private async reviewOnce(work: PartitionWork, queue: KeyQueue): Promise<void> {
    const { index, run } = this.options
    const parkedBefore = queue.everParked
    const settled = queue.parking === 0
    await index.refresh()
    if (!this.isReviewable(work, queue)) return
    const head = index.head(work.topic, work.partition, queue.key)
    if (head) {
      if (head.kind !== 'parked' && head.status !== 'redriving') return
      if (mayHaveEarlier(work, queue, head)) this.reviewLater(work, queue)
      else run(work, queue, head)
    } else if (settled && queue.everParked === parkedBefore && queue.parking === 0) {
      queue.parked = false
      work.forget(queue)
    } else {
      // Followers were parked while we read; when they are stored, it is asked again.
      queue.reviewAgain ||= queue.parking === 0
    }
  }

  /** While a letter of the key runs or is about to, nothing is to be decided: its end asks again. */
  private isReviewable(work: PartitionWork, queue: KeyQueue): boolean {
    return queue.parked && !queue.loading && queueLength(queue) === 0 && !work.gone && !work.closing
  }

  private reviewLater(work: PartitionWork, queue: KeyQueue): void {
    const { clock, signal } = this.options
    const again = (): void => {
      if (!signal.aborted) void this.review(work, queue)
    }
    clock.setTimer(reviewRetryMs, again, { unref: true })
  }

  private announce(work: PartitionWork, items: readonly Item[]): void {
    if (!parkedChannel.hasSubscribers) return
    for (const item of items.slice(0, maxAnnounced)) parkedChannel.publish(this.options.note(work, item))
  }
}

/** Whether events of the key from before `letter` are still to be fetched, or are on their way behind it: they come first. */
function mayHaveEarlier(work: PartitionWork, queue: KeyQueue, letter: IndexedLetter): boolean {
  if (work.position < letter.origin.offset) return true
  for (const first of queue.parkingFrom ?? []) if (first < letter.origin.offset) return true
  return false
}

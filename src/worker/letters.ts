/**
 * Dead letters as the worker keeps them: keeping what failed for good, parking the followers of a parked key,
 * and running letters again when somebody asks for it.
 *
 * Who owns a partition owns its keys, so redriving and releasing happen here and nowhere else: a letter runs through its own handler,
 * one event of a key at a time, and is never published to its topic again (other subscriptions would see it twice).
 * @module
 */
import { channelOf } from '../channels.ts'
import { sleep, type Clock } from '../clock.ts'
import type { CompiledSubscription } from '../config/index.ts'
import {
  auditRecord,
  DeadLetterIndex,
  errorStory,
  letterId,
  letterRecord,
  type AuditAction,
  type AuditEntry,
  type DeadReason,
  type IndexedLetter,
  type LetterChange,
} from '../deadletter/index.ts'
import { eventType } from '../event/index.ts'
import type { AppendRecord, Log, LogRecord } from '../transport/index.ts'
import { appendDurably } from './durable-append.ts'
import { HandlerInterrupted } from './errors.ts'
import { queueLength, type Item, type KeyQueue } from './item.ts'
import { noteOf } from './note.ts'
import type { PartitionWork } from './partition-work.ts'

export interface LettersOptions {
  readonly log: Log
  readonly clock: Clock
  readonly subscription: CompiledSubscription
  readonly clientId: string
  readonly laneName: (lane: number) => string
  readonly partition: (topic: string, partition: number) => PartitionWork | undefined
  /** Something became ready or done. */
  readonly wake: () => void
  readonly trouble: (doing: string, error: Error) => void
}

const dead = channelOf('veltrix:worker:dead')
const parkedChannel = channelOf('veltrix:worker:parked')
const followRetryMs = 500

export class Letters {
  readonly index: DeadLetterIndex
  private readonly options: LettersOptions
  private readonly stopping = new AbortController()
  /** Partitions whose parked keys are known: before, a redrive read from the past would start as if no key were parked. */
  private readonly prepared = new Set<PartitionWork>()

  constructor(options: LettersOptions) {
    this.options = options
    this.index = new DeadLetterIndex(options.log, options.subscription, (letter) => this.learn(letter))
  }

  /** Watches for redrives and discards until `stop`. */
  async follow(): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      try {
        const following = this.index.follow({ signal, changed: (change) => this.react(change) })
        // Another reading may have taken in what was asked for while nobody followed.
        for (const work of this.prepared) this.resume(work)
        await following
      } catch (error) {
        if (signal.aborted) return
        this.options.trouble('follow dead letters', error as Error)
        await sleep(this.options.clock, followRetryMs, signal).catch(() => {})
      }
    }
  }

  stop(): void {
    this.stopping.abort(new HandlerInterrupted('The worker stops.'))
  }

  /**
   * Learns which keys of a new partition are parked, and which events its last worker kept but could not commit; before this nothing
   * may be fetched for it.
   * @throws the log's errors
   */
  async prepare(work: PartitionWork): Promise<void> {
    await this.index.refresh()
    for (const key of this.index.parkedKeys(work.topic, work.partition)) work.keyQueue(key).parked = true
    if (work.afterCrash) for (const letter of this.index.unresolved()) this.noteKept(work, letter)
    for (const old of this.prepared) if (old.gone) this.prepared.delete(old)
    this.prepared.add(work)
  }

  /**
   * A letter was taken in. Of a partition held here it is our own, or one that an owner before us kept late: its append was under
   * way when we took over, or it has not noticed yet that it owns nothing any more.
   */
  private learn(letter: IndexedLetter): void {
    const work = this.heldFor(letter)
    if (!work) return
    if (work.mayHaveBegun(letter.origin.offset)) this.noteKept(work, letter)
    if (letter.kind === 'parked') this.releaseStray(work, letter)
  }

  /**
   * The event is over, and must stay so when somebody redrives or discards the letter before its record is read here: from then on
   * the letters would say nothing of it, and it would run once more.
   */
  private noteKept(work: PartitionWork, { origin: { topic, partition, offset } }: IndexedLetter): void {
    if (topic === work.topic && partition === work.partition && !work.isPast(offset)) work.keptBefore.add(offset)
  }

  /**
   * A parked letter of a key that is not parked here was kept by somebody who had lost the partition. It waits behind nothing, so nothing
   * would ever end it; its event runs here like any other, and when that is over the letter is too.
   */
  private releaseStray(work: PartitionWork, letter: IndexedLetter): void {
    if (work.gone || work.closing || this.stopping.signal.aborted || work.isParked(letter.key)) return
    if (this.index.get(letter.id)?.status !== 'parked') return
    if (work.isPast(letter.origin.offset)) this.store(work, [this.audit('released', letter)], () => {})
    else this.options.clock.setTimer(followRetryMs, () => this.releaseStray(work, letter), { unref: true })
  }

  /** Goes on with redrives and releases that were asked for or under way. */
  resume(work: PartitionWork): void {
    if (work.gone || work.closing || this.stopping.signal.aborted || !this.prepared.has(work)) return
    for (const letter of this.index.redriving(work.topic, work.partition)) {
      const queue = work.keyQueue(letter.key)
      // `continue`: the letter joins its key's queue. A parked key's turn is decided by `review`.
      if (!queue.parked) void this.run(work, queue, letter)
    }
    for (const queue of work.queues()) if (queue.parked) void this.review(work, queue)
  }

  /** Whether the event of `item` is kept already: the worker that kept it ended before it could commit. */
  isKept(work: PartitionWork, item: Item): boolean {
    if (item.letter) return false
    return work.keptBefore.has(item.offset) || this.index.get(this.idOf(work, item)) !== undefined
  }

  /** It is kept already: it is over here, and under `park-key` its followers wait behind it while it is unresolved. */
  adopt(work: PartitionWork, item: Item): void {
    const isResolved = this.index.get(this.idOf(work, item)) === undefined
    if (isResolved || this.options.subscription.onDeadLetter === 'continue') return work.complete(item)
    const [, ...followers] = work.parkKey(item.queue)
    work.finish(item)
    this.park(work, followers)
    void this.review(work, item.queue)
  }

  /** An event has failed for good. Its key stays busy until it is kept. */
  keep(work: PartitionWork, item: Item, reason: DeadReason, error: unknown): void {
    this.announce(work, item, reason, error)
    if (item.letter) return this.failAgain(work, item, reason, error)
    const records = [this.record(work, item, 'dead', reason, error)]
    if (this.options.subscription.onDeadLetter === 'continue') {
      return this.store(work, records, () => work.complete(item))
    }
    const [, ...followers] = work.parkKey(item.queue)
    const kept = followers.filter((follower) => this.belongs(follower))
    for (const follower of followers) if (!kept.includes(follower)) work.finish(follower)
    records.push(...kept.map((follower) => this.record(work, follower, 'parked', 'parked-behind')))
    this.storeParked(work, item.queue, [item, ...kept], records)
  }

  /** Live events of parked keys go behind their dead letter. */
  park(work: PartitionWork, items: readonly Item[]): void {
    const byQueue = new Map<KeyQueue, Item[]>()
    for (const item of items) {
      if (!this.belongs(item) || this.isKept(work, item)) work.finish(item)
      else if (byQueue.has(item.queue)) byQueue.get(item.queue)!.push(item)
      else byQueue.set(item.queue, [item])
    }
    for (const [queue, parked] of byQueue) {
      const records = parked.map((item) => this.record(work, item, 'parked', 'parked-behind'))
      this.storeParked(work, queue, parked, records)
    }
  }

  /** A letter that was run again has been handled. */
  handled(work: PartitionWork, item: Item): void {
    const action = item.letter!.kind === 'parked' ? 'released' : 'redriven'
    this.endLetter(work, item, this.audit(action, item.letter!))
  }

  private failAgain(work: PartitionWork, item: Item, reason: DeadReason, error: unknown): void {
    const entry = this.audit('redrive-failed', item.letter!, {
      error: errorStory(error),
      attempts: item.attempts,
      failure: reason,
    })
    this.endLetter(work, item, entry)
  }

  /** The letter stays in its queue until the index knows how it ended, or it would be found to be asked for still. */
  private endLetter(work: PartitionWork, item: Item, entry: AppendRecord): void {
    this.store(
      work,
      [entry],
      () => {
        work.complete(item)
        if (item.queue.parked) void this.review(work, item.queue)
        // It may have been asked for again while it was still in its queue, which passed the request over.
        else this.runIfAsked(work, item.letter!)
      },
      () => this.catchUp(),
    )
  }

  /** Under `continue`, a letter that was asked for joins its key's queue. */
  private runIfAsked(work: PartitionWork, { id, key }: IndexedLetter): void {
    const letter = this.index.get(id)
    if (letter?.status === 'redriving' && !work.closing) void this.run(work, work.keyQueue(key), letter)
  }

  private async catchUp(): Promise<void> {
    for (;;) {
      try {
        return await this.index.refresh()
      } catch (error) {
        this.options.trouble('read dead letters', error as Error)
        await sleep(this.options.clock, followRetryMs, this.stopping.signal)
      }
    }
  }

  /**
   * Somebody asked for letters or ended them: a person, or an owner before us that had not noticed yet. (What we end ourselves is
   * heard here too, while it is still in its queue: then there is nothing to review.)
   */
  private react({ entry, letters }: LetterChange): void {
    if (entry.action === 'redrive-failed') return
    for (const letter of letters) {
      const work = this.heldFor(letter)
      if (!work || work.closing) continue
      if (work.isParked(letter.key)) void this.review(work, work.keyQueue(letter.key))
      else this.runIfAsked(work, letter)
    }
  }

  /** The partition of a letter, when it is held here and its letters are known. */
  private heldFor({ origin: { topic, partition } }: IndexedLetter): PartitionWork | undefined {
    const work = this.prepared.size > 0 ? this.options.partition(topic, partition) : undefined
    return work && this.prepared.has(work) ? work : undefined
  }

  /**
   * Decides what a parked key does next: run the letter at its head (asked for, or freed), stay parked, or be free again.
   * The key is freed only when a reading of the dead topic, begun after its last parked event was stored, finds nothing left.
   */
  private async review(work: PartitionWork, queue: KeyQueue): Promise<void> {
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
    const parkedBefore = queue.everParked
    const settled = queue.parking === 0
    await this.index.refresh()
    if (!this.isReviewable(work, queue)) return
    const head = this.index.chain(work.topic, work.partition, queue.key)[0]
    if (head) {
      if (head.kind !== 'parked' && head.status !== 'redriving') return
      if (this.mayHaveEarlier(work, queue, head)) this.reviewLater(work, queue)
      else void this.run(work, queue, head)
    } else if (settled && queue.everParked === parkedBefore && queue.parking === 0) {
      queue.parked = false
      work.forget(queue)
    } else {
      // Followers were parked while we read; when they are stored, it is asked again.
      queue.reviewAgain ||= queue.parking === 0
    }
  }

  /** Whether events of the key from before `letter` are still to be fetched, or are on their way behind it: they come first. */
  private mayHaveEarlier(work: PartitionWork, queue: KeyQueue, letter: IndexedLetter): boolean {
    if (work.position < letter.origin.offset) return true
    for (const first of queue.parkingFrom) if (first < letter.origin.offset) return true
    return false
  }

  /** While a letter of the key runs or is about to, nothing is to be decided: its end asks again. */
  private isReviewable(work: PartitionWork, queue: KeyQueue): boolean {
    return queue.parked && !queue.loading && queueLength(queue) === 0 && !work.gone && !work.closing
  }

  private reviewLater(work: PartitionWork, queue: KeyQueue): void {
    this.options.clock.setTimer(
      followRetryMs,
      () => {
        if (!this.stopping.signal.aborted) void this.review(work, queue)
      },
      { unref: true },
    )
  }

  /** Puts a letter into its key's queue, to run like any event. */
  private async run(work: PartitionWork, queue: KeyQueue, letter: IndexedLetter): Promise<void> {
    const inQueue = queue.items.slice(queue.head).some((item) => item.letter?.id === letter.id)
    if (queue.loading) queue.passedOver = true
    if (queue.loading || inQueue) return
    queue.loading = true
    queue.passedOver = false
    try {
      const record = await this.index.original(letter)
      // What asked for it may have been read from the past, with its end not read yet.
      await this.index.refresh()
      if (this.isAskedFor(letter)) await this.enqueue(work, queue, letter, record)
    } catch (error) {
      this.options.trouble('run a dead letter again', error as Error)
      this.options.clock.setTimer(followRetryMs, () => this.resume(work), { unref: true })
      return
    } finally {
      queue.loading = false
      this.options.wake()
    }
    // It may have been ended by somebody meanwhile, and then it is another one's turn; or others were asked for.
    if (queue.parked) void this.review(work, queue)
    else if (queue.passedOver) this.resume(work)
  }

  private async enqueue(work: PartitionWork, queue: KeyQueue, letter: IndexedLetter, record: LogRecord): Promise<void> {
    // Its last owner died, perhaps of it. Call it dead first: should it end this process too, it will not be run again unasked.
    if (work.afterCrash) await this.markCrashed(letter)
    if (!work.gone && !work.closing) work.enqueue(letterItem(queue, letter, record))
  }

  private isAskedFor({ id }: IndexedLetter): boolean {
    const letter = this.index.get(id)
    return letter !== undefined && (letter.status === 'redriving' || letter.kind === 'parked')
  }

  private async markCrashed(letter: IndexedLetter): Promise<void> {
    await this.append([
      this.audit('redrive-failed', letter, {
        attempts: 0,
        failure: letter.kind === 'parked' ? 'crashed' : letter.reason,
      }),
    ])
  }

  private storeParked(
    work: PartitionWork,
    queue: KeyQueue,
    items: readonly Item[],
    records: readonly AppendRecord[],
  ): void {
    queue.parking++
    queue.everParked++
    const first = items[0]!.offset
    queue.parkingFrom.add(first)
    for (const item of items.slice(0, 100)) this.announceParked(work, item)
    this.store(work, records, () => {
      queue.parking--
      queue.parkingFrom.delete(first)
      for (const item of items) work.finish(item)
      // Somebody may have redriven or discarded the head while followers were on their way.
      if (queue.parking === 0) void this.review(work, queue)
    })
  }

  /** Stores records, then does `then` (unless the partition went away: its next owner does it all again). */
  private store(
    work: PartitionWork,
    records: readonly AppendRecord[],
    then: () => void,
    before?: () => Promise<void>,
  ): void {
    work.keeping++
    const stored = before ? this.append(records).then(before) : this.append(records)
    stored.then(
      () => {
        work.keeping--
        if (!work.gone) then()
        this.options.wake()
      },
      () => {
        work.keeping--
        this.options.wake()
      },
    )
  }

  private append(records: readonly AppendRecord[]): Promise<void> {
    const { log, clock, trouble } = this.options
    return appendDurably(records, {
      log,
      clock,
      signal: this.stopping.signal,
      trouble: (error) => trouble('keep a dead letter', error),
    })
  }

  private record(
    work: PartitionWork,
    item: Item,
    kind: 'dead' | 'parked',
    reason: DeadReason,
    error?: unknown,
  ): AppendRecord {
    const { subscription, log, clock } = this.options
    const letter = {
      subscription: subscription.name,
      kind,
      reason,
      error,
      attempts: item.attempts,
      firstAttemptAt: item.firstAttemptAt,
      lastAttemptAt: item.lastAttemptAt,
      deadAt: clock.now(),
      origin: { topic: work.topic, partition: work.partition, offset: item.offset },
      lane: this.options.laneName(work.lane),
      stream: work.stream,
      record: item.record!,
    }
    return letterRecord(subscription, letter, log.features.maxRecordBytes)
  }

  private audit(action: AuditAction, letter: IndexedLetter, more: Partial<AuditEntry> = {}): AppendRecord {
    const { subscription, clock, clientId } = this.options
    const { seen } = this.index
    return auditRecord(subscription, { action, letters: [letter.id], by: clientId, at: clock.now(), seen, ...more })
  }

  private belongs(item: Item): boolean {
    const type = eventType(item.record!)
    return type === undefined || this.options.subscription.events.has(type)
  }

  private idOf(work: PartitionWork, item: Item): string {
    return letterId({ topic: work.topic, partition: work.partition, offset: item.offset })
  }

  private announce(work: PartitionWork, item: Item, reason: string, error: unknown): void {
    if (!dead.hasSubscribers) return
    const failure = error instanceof Error ? error : new Error(String(error))
    dead.publish({ ...this.note(work, item), attempt: item.attempts, reason, error: failure })
  }

  private announceParked(work: PartitionWork, item: Item): void {
    if (parkedChannel.hasSubscribers) parkedChannel.publish(this.note(work, item))
  }

  private note(work: PartitionWork, item: Item): ReturnType<typeof noteOf> {
    return noteOf(this.options.subscription.name, this.options.laneName(work.lane), work, item)
  }
}

function letterItem(queue: KeyQueue, letter: IndexedLetter, record: LogRecord): Item {
  return {
    offset: letter.origin.offset,
    queue,
    bytes: 0,
    record,
    done: false,
    attempts: 0,
    firstAttemptAt: 0,
    lastAttemptAt: 0,
    suspect: false,
    letter,
  }
}

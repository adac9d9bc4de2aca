/**
 * The dead letters of one subscription, as its worker sees them: keeping what failed for good, knowing what earlier owners kept, and
 * hearing what people ask for.
 * @module
 */
import { channelOf, type EventNote } from '../channels.ts'
import { sleep, type Clock } from '../clock.ts'
import type { CompiledSubscription } from '../config/index.ts'
import {
  DeadLetterIndex,
  letterId,
  type DeadReason,
  type IndexedLetter,
  type LetterChange,
} from '../deadletter/index.ts'
import type { AppendRecord, Log } from '../transport/index.ts'
import { HandlerInterrupted } from './errors.ts'
import type { ForeignRecords } from './foreign-records.ts'
import type { Item } from './item.ts'
import { LetterJournal } from './letter-journal.ts'
import { noteOf } from './note.ts'
import { ParkedKeys } from './parked-keys.ts'
import type { PartitionWork } from './partition-work.ts'
import { Redrives } from './redrives.ts'

export interface LettersOptions {
  readonly log: Log
  readonly clock: Clock
  readonly subscription: CompiledSubscription
  readonly clientId: string
  readonly laneName: (lane: number) => string
  readonly foreign: ForeignRecords
  readonly partition: (topic: string, partition: number) => PartitionWork | undefined
  /** Resolves when a commit has stored what is staged of the partition. */
  readonly committed: (work: PartitionWork) => Promise<void>
  /** Something became ready or done. */
  readonly wake: () => void
  readonly trouble: (doing: string, error: Error) => void
}

const dead = channelOf('veltrix:worker:dead')
const followRetryMs = 500

export class Letters {
  readonly index: DeadLetterIndex
  private readonly options: LettersOptions
  private readonly journal: LetterJournal
  private readonly parkedKeys: ParkedKeys
  private readonly redrives: Redrives
  private readonly stopping = new AbortController()
  /** Partitions whose parked keys are known: before, a redrive read from the past would start as if no key were parked. */
  private readonly prepared = new Set<PartitionWork>()

  constructor(options: LettersOptions) {
    const { signal } = this.stopping
    this.options = options
    this.index = new DeadLetterIndex(options.log, options.subscription, (letter) => this.learn(letter))
    this.journal = new LetterJournal({ ...options, seen: () => this.index.seen, signal })
    const shared = { ...options, index: this.index, journal: this.journal, signal }
    this.parkedKeys = new ParkedKeys({
      ...shared,
      run: (work, queue, letter) => void this.redrives.run(work, queue, letter),
      note: (work, item) => this.note(work, item),
    })
    this.redrives = new Redrives({
      ...shared,
      review: (work, queue) => void this.parkedKeys.review(work, queue),
      resume: (work) => this.resume(work),
    })
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
    if (work.afterCrash) {
      for (const letter of this.index.unresolved()) this.noteKept(work, letter)
      this.noteBegun(work)
    }
    for (const old of this.prepared) if (old.gone) this.prepared.delete(old)
    this.prepared.add(work)
  }

  /** What was asked for, or next behind an ended letter, when the last worker died. */
  private noteBegun(work: PartitionWork): void {
    for (const { id } of this.index.redriving(work.topic, work.partition)) work.lettersBegun.add(id)
    for (const key of this.index.parkedKeys(work.topic, work.partition)) {
      const head = this.index.head(work.topic, work.partition, key)
      if (head?.kind === 'parked') work.lettersBegun.add(head.id)
    }
  }

  /** Goes on with redrives and releases that were asked for or under way. */
  resume(work: PartitionWork): void {
    if (work.gone || work.closing || this.stopping.signal.aborted || !this.prepared.has(work)) return
    for (const letter of this.index.redriving(work.topic, work.partition)) {
      const queue = work.keyQueue(letter.key)
      // `continue`: the letter joins its key's queue. A parked key's turn is decided by `review`.
      if (!queue.parked) void this.redrives.run(work, queue, letter)
    }
    for (const queue of work.queues()) if (queue.parked) void this.parkedKeys.review(work, queue)
  }

  /** Whether the event of `item` is kept already, or was: the worker that kept it ended before it could commit. */
  isKept(work: PartitionWork, item: Item): boolean {
    if (item.letter) return false
    if (work.keptBefore.has(item.offset)) return true
    const id = idOf(work, item)
    return this.index.get(id) !== undefined || (item.attempts > 0 && this.index.hasEnded(id, item.firstAttemptAt))
  }

  /** It is kept already: it is over here, and under `park-key` its followers wait behind it while it is unresolved. */
  adopt(work: PartitionWork, item: Item): void {
    const isResolved = this.index.get(idOf(work, item)) === undefined
    if (isResolved || this.options.subscription.onDeadLetter === 'continue') return work.complete(item)
    const [, ...followers] = work.parkKey(item.queue)
    work.finish(item)
    this.park(work, followers)
    void this.parkedKeys.review(work, item.queue)
  }

  /** An event has failed for good. Its key stays busy until it is kept. */
  keep(work: PartitionWork, item: Item, reason: DeadReason, error: unknown): void {
    this.announce(work, item, reason, error)
    if (item.letter) return this.redrives.failed(work, item, reason, error)
    const kept = this.journal.dead(work, item, reason, error)
    if (this.options.subscription.onDeadLetter === 'continue') {
      return this.journal.store(work, [kept], () => work.complete(item))
    }
    const [, ...followers] = work.parkKey(item.queue)
    this.parkedKeys.parkBehind(work, item, kept, this.open(work, followers))
  }

  /** Live events of parked keys go behind their dead letter. */
  park(work: PartitionWork, items: readonly Item[]): void {
    this.parkedKeys.park(work, this.open(work, items))
  }

  /** Passes a letter over that somebody ended while it waited for its turn. Returns false when it is to be run. */
  passOver(work: PartitionWork, item: Item): boolean {
    if (this.index.get(item.letter!.id) !== undefined) return false
    this.redrives.leave(work, item)
    return true
  }

  /** A letter that was run again has been handled. */
  handled(work: PartitionWork, item: Item, staged: readonly AppendRecord[]): void {
    this.redrives.handled(work, item, staged)
  }

  /** Those of `items` that have to be handled; the others are over. */
  private open(work: PartitionWork, items: readonly Item[]): Item[] {
    return items.filter((item) => {
      const isOpen = this.belongs(work, item) && !this.isKept(work, item)
      if (!isOpen) work.finish(item)
      return isOpen
    })
  }

  private belongs(work: PartitionWork, item: Item): boolean {
    const type = this.options.foreign.typeOf(work.stream, item.record!)
    return type === undefined || this.options.subscription.events.has(type)
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
      if (work.isParked(letter.key)) void this.parkedKeys.review(work, work.keyQueue(letter.key))
      else this.redrives.runIfAsked(work, letter)
    }
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
    if (work.isPast(letter.origin.offset)) this.journal.store(work, [this.journal.entry('released', letter)], () => {})
    else this.options.clock.setTimer(followRetryMs, () => this.releaseStray(work, letter), { unref: true })
  }

  /** The partition of a letter, when it is held here and its letters are known. */
  private heldFor({ origin: { topic, partition } }: IndexedLetter): PartitionWork | undefined {
    const work = this.prepared.size > 0 ? this.options.partition(topic, partition) : undefined
    return work && this.prepared.has(work) ? work : undefined
  }

  private announce(work: PartitionWork, item: Item, reason: string, error: unknown): void {
    if (!dead.hasSubscribers) return
    const failure = error instanceof Error ? error : new Error(String(error))
    dead.publish({ ...this.note(work, item), attempt: item.attempts, reason, error: failure })
  }

  private note(work: PartitionWork, item: Item): EventNote {
    return noteOf(this.options.subscription.name, this.options.laneName(work.lane), work, item)
  }
}

function idOf(work: PartitionWork, item: Item): string {
  return letterId({ topic: work.topic, partition: work.partition, offset: item.offset })
}

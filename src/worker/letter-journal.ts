/**
 * What the worker writes of dead letters: the letters themselves, and in the audit how they ended. Nothing of it may be lost, so
 * a partition is not handed over while something of it is on its way.
 * @module
 */
import type { Clock } from '../clock.ts'
import type { CompiledSubscription } from '../config/index.ts'
import {
  auditRecord,
  letterRecord,
  type AuditAction,
  type AuditEntry,
  type DeadReason,
  type IndexedLetter,
} from '../deadletter/index.ts'
import type { AppendRecord, Log } from '../transport/index.ts'
import { appendDurably } from './durable-append.ts'
import type { Item } from './item.ts'
import type { PartitionWork } from './partition-work.ts'

export interface LetterJournalOptions {
  readonly log: Log
  readonly clock: Clock
  readonly subscription: CompiledSubscription
  readonly clientId: string
  readonly laneName: (lane: number) => string
  /** How far the dead topic has been read here. */
  readonly seen: () => number
  readonly committed: (work: PartitionWork) => Promise<void>
  /** Ends the retries. */
  readonly signal: AbortSignal
  readonly wake: () => void
  readonly trouble: (doing: string, error: Error) => void
}

export class LetterJournal {
  private readonly options: LetterJournalOptions

  constructor(options: LetterJournalOptions) {
    this.options = options
  }

  /** The record that keeps an event as dead. */
  dead(work: PartitionWork, item: Item, reason: DeadReason, error: unknown): AppendRecord {
    return this.letter(work, item, 'dead', reason, error)
  }

  /** The record that keeps an event behind the dead one of its key. */
  parked(work: PartitionWork, item: Item): AppendRecord {
    return this.letter(work, item, 'parked', 'parked-behind')
  }

  /** The record that says what happened to a letter. */
  entry(action: AuditAction, letter: IndexedLetter, more: Partial<AuditEntry> = {}): AppendRecord {
    const { subscription, clock, clientId, seen } = this.options
    const about = { action, letters: [letter.id], by: clientId, at: clock.now(), seen: seen() }
    return auditRecord(subscription, { ...about, ...more })
  }

  /**
   * Stores records, then does `before` and `then`, unless the partition went away: its next owner does it all again.
   * @param before waited for; the partition is not handed over before
   */
  store(work: PartitionWork, records: readonly AppendRecord[], then: () => void, before?: () => Promise<void>): void {
    this.keep(work, this.append(records), then, before)
  }

  /** Like `store`, with a commit of the partition: all of it or nothing. */
  storeStaged(
    work: PartitionWork,
    records: readonly AppendRecord[],
    then: () => void,
    before: () => Promise<void>,
  ): void {
    work.staged.add(records)
    this.keep(work, this.options.committed(work), then, before)
  }

  private keep(work: PartitionWork, appended: Promise<void>, then: () => void, before?: () => Promise<void>): void {
    work.keeping++
    const stored = before ? appended.then(before) : appended
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

  /** @throws the signal's reason when the worker ends first */
  append(records: readonly AppendRecord[]): Promise<void> {
    const { log, clock, signal, trouble } = this.options
    return appendDurably(records, { log, clock, signal, trouble: (error) => trouble('keep a dead letter', error) })
  }

  private letter(
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
}

/**
 * The unresolved letters of one subscription, in memory, by reading its dead and audit topics as they grow.
 * @module
 */
import type { CompiledSubscription } from '../config/index.ts'
import { LogUnavailable, type FetchedBatch, type Log, type LogRecord } from '../transport/index.ts'
import { readAudit } from './audit-record.ts'
import { DeadLetterUnknown } from './errors.ts'
import { LetterIndexer } from './indexed-letter.ts'
import type { AuditEntry, IndexedLetter } from './letter.ts'
import { originalRecord, readLetter, type KeptLetter } from './letter-record.ts'
import { generationOf, LetterStates } from './letter-states.ts'
import { LetterViews } from './letter-views.ts'

const readBytes = 1024 * 1024
const longPollMs = 10_000

/** A change the index has just taken in. */
export interface LetterChange {
  readonly entry: AuditEntry
  /** The letters it names that were unresolved, as they were before. */
  readonly letters: readonly IndexedLetter[]
}

/** A record of the two topics that is neither letter nor audit entry: somebody else wrote it. */
export interface UnreadableRecord {
  readonly topic: string
  readonly offset: number
  readonly problem: string
}

/**
 * Not safe from reading too little: call `refresh` (or run `follow`) first. Entries are values: a change makes a new one.
 * Causality makes two positions enough: an entry is written after its letter was read, so reading the audit topic up to an end
 * taken *before* the dead topic's end never meets an entry whose letter is still unread.
 */
export class DeadLetterIndex {
  readonly #log: Log
  readonly #sub: CompiledSubscription
  readonly #indexer = new LetterIndexer()
  readonly #changed = new Set<(change: LetterChange) => void>()
  readonly #kept: (letter: IndexedLetter) => void
  #reading = newReading()
  /** Records passed over because they are no letters: at most the last 100. */
  readonly unreadable: UnreadableRecord[] = []

  /** @param kept is told each unresolved letter when it is taken in, whichever reading that is. Must not throw */
  constructor(log: Log, subscription: CompiledSubscription, kept: (letter: IndexedLetter) => void = () => {}) {
    this.#log = log
    this.#sub = subscription
    this.#kept = kept
  }

  /** Offset of the dead topic up to which it has been read: what audit entries state as `seen`. */
  get seen(): number {
    return this.#reading.states.seen
  }

  /**
   * Reads both topics up to their ends as of this call, and forgets letters that retention has removed.
   * @throws TopicUnknown, LogUnavailable, LogClosed, LogCorrupted
   */
  async refresh(): Promise<void> {
    const before = this.#reading
    const { states, auditNext } = before
    const { seen } = states
    const audit = await this.#ends(this.#sub.auditTopic)
    const dead = await this.#ends(this.#sub.deadTopic)
    // Topics never shrink: these are others than those read so far. (Another call may have noticed already.)
    if ((dead.end < seen || audit.end < auditNext) && this.#reading === before) this.#reading = newReading()
    const reading = this.#reading
    reading.states.forgetBelow(dead.earliest)
    await this.#readDead(reading, dead.end)
    await this.#readAudit(reading, audit.end)
  }

  /**
   * Keeps reading until `signal` aborts (then it resolves), telling each audit entry after it was taken in.
   * The log's errors pass through: call again when they are retryable, nothing is missed.
   * @throws TopicUnknown, LogUnavailable, LogClosed, LogCorrupted, what `changed` throws
   */
  async follow(options: { signal: AbortSignal; changed: (change: LetterChange) => void }): Promise<void> {
    const stop = new AbortController()
    const signal = AbortSignal.any([options.signal, stop.signal])
    let failure: { readonly error: unknown } | undefined
    const fail = (error: unknown): void => {
      if (signal.aborted) return
      failure = { error }
      stop.abort()
    }
    const told = (change: LetterChange): void => {
      try {
        options.changed(change)
      } catch (error) {
        fail(error)
      }
    }
    this.#changed.add(told)
    await this.refresh().catch(fail)
    await Promise.all([this.#tailDead(signal).catch(fail), this.#tailAudit(signal).catch(fail)])
    this.#changed.delete(told)
    if (failure) throw failure.error
  }

  get(id: string): IndexedLetter | undefined {
    return this.#reading.states.letters.get(id)
  }

  /** Whether a failure whose first attempt was at this time was kept, and has been redriven or discarded since. */
  hasEnded(id: string, firstAttemptAt: number): boolean {
    const generation = generationOf({ kind: 'dead', attempts: 1, firstAttemptAt, deadAt: 0 })
    return this.#reading.states.hasEnded(id, generation)
  }

  /** In dead order: oldest kept first. */
  unresolved(): Iterable<IndexedLetter> {
    return this.#reading.states.letters.values()
  }

  /** How many are unresolved. */
  get size(): number {
    return this.#reading.states.letters.size
  }

  /** Unresolved letters of a parked key (policy `park-key`), in origin offset order; the first is the one others wait behind. A copy: with many followers rather ask for `head`. */
  chain(topic: string, partition: number, key: string): readonly IndexedLetter[] {
    return this.#reading.views.chain(topic, partition, key)
  }

  /** The first of {@link chain}. */
  head(topic: string, partition: number, key: string): IndexedLetter | undefined {
    return this.#reading.views.head(topic, partition, key)
  }

  /** The first letter of every parked key. Do not change the index while iterating. */
  heads(): Iterable<IndexedLetter> {
    return this.#reading.views.heads()
  }

  /** How many letters of its key wait behind this one. */
  followersOf(letter: IndexedLetter): number {
    return this.#reading.views.followersOf(letter)
  }

  /** The letter that `letter` waits behind; itself when it waits behind none. */
  headOf(letter: IndexedLetter): IndexedLetter {
    return this.#reading.views.headOf(letter)
  }

  /** Keys with an unresolved letter kept under `park-key`. Do not change the index while iterating. */
  parkedKeys(topic: string, partition: number): Iterable<string> {
    return this.#reading.views.parkedKeys(topic, partition)
  }

  /** Letters whose redrive was requested and has not ended, in origin offset order. */
  redriving(topic: string, partition: number): readonly IndexedLetter[] {
    return this.#reading.views.redriving(topic, partition)
  }

  /**
   * The original record, read back from the dead topic: byte for byte, without the dead letter's own headers.
   * @throws DeadLetterUnknown (retention removed it), LogUnavailable, LogClosed
   */
  async original(letter: IndexedLetter): Promise<LogRecord> {
    return originalRecord(await this.kept(letter))
  }

  /**
   * The dead record of a letter, taken apart.
   * @throws DeadLetterUnknown (retention removed it), LogUnavailable, LogClosed
   */
  async kept(letter: IndexedLetter): Promise<KeptLetter> {
    const batch = await this.#log.read({
      topic: this.#sub.deadTopic,
      partition: 0,
      offset: letter.deadOffset,
      maxBytes: 1,
      maxWaitMs: 0,
    })
    const record = batch.records[0]
    const kept = record?.offset === letter.deadOffset ? readLetter(record) : 'its record was removed by retention'
    if (typeof kept === 'string') throw new DeadLetterUnknown(this.#sub.name, letter.id, kept)
    return kept
  }

  async #ends(topic: string): Promise<{ earliest: number; end: number }> {
    const offsets = await this.#log.admin.offsets([topic])
    return offsets.find((found) => found.topic === topic && found.partition === 0) ?? { earliest: 0, end: 0 }
  }

  async #readDead({ states }: Reading, end: number): Promise<void> {
    while (states.seen < end) {
      const before = states.seen
      this.#takeDead(states, await this.#read(this.#sub.deadTopic, before, 0))
      if (states.seen === before) return
    }
  }

  async #readAudit(reading: Reading, end: number): Promise<void> {
    while (reading.auditNext < end) {
      const before = reading.auditNext
      this.#takeAudit(reading, await this.#read(this.#sub.auditTopic, before, 0), end)
      if (reading.auditNext > before) continue
      // What is there is part of a transaction that has not ended. Without it, a letter would be taken for one to be run.
      throw new LogUnavailable(`The end of ${this.#sub.auditTopic} cannot be read yet. Try again.`)
    }
  }

  async #tailDead(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { states } = this.#reading
      this.#takeDead(states, await this.#read(this.#sub.deadTopic, states.seen, longPollMs, signal))
    }
  }

  async #tailAudit(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const reading = this.#reading
      const batch = await this.#read(this.#sub.auditTopic, reading.auditNext, longPollMs, signal)
      if (batch.records.length === 0) continue
      await this.#readDead(reading, (await this.#ends(this.#sub.deadTopic)).end)
      this.#takeAudit(reading, batch, batch.nextOffset)
    }
  }

  #read(topic: string, offset: number, maxWaitMs: number, signal?: AbortSignal): Promise<FetchedBatch> {
    return this.#log.read({ topic, partition: 0, offset, maxBytes: readBytes, maxWaitMs, ...(signal && { signal }) })
  }

  /** Several readings may be under way at once: what was taken in already is passed over. */
  #takeDead(states: LetterStates, batch: FetchedBatch): void {
    for (const record of batch.records) {
      if (record.offset < states.seen) continue
      const letter = readLetter(record)
      if (typeof letter === 'string') {
        this.#passOver(this.#sub.deadTopic, record.offset, letter)
        continue
      }
      const entry = this.#indexer.entryOf(letter)
      if (states.keep(entry)) this.#kept(entry)
    }
    states.seen = Math.max(states.seen, batch.nextOffset)
  }

  #takeAudit(reading: Reading, batch: FetchedBatch, end: number): void {
    for (const record of batch.records) {
      if (record.offset < reading.auditNext || record.offset >= end) continue
      reading.auditNext = record.offset + 1
      const entry = readAudit(record)
      if (typeof entry === 'string') this.#passOver(this.#sub.auditTopic, record.offset, entry)
      else this.#takeEntry(reading, entry)
    }
    reading.auditNext = Math.max(reading.auditNext, Math.min(batch.nextOffset, end))
  }

  #takeEntry(reading: Reading, entry: AuditEntry): void {
    const { states } = reading
    const letters = this.#changed.size > 0 ? entry.letters.flatMap((id) => states.letters.get(id) ?? []) : []
    states.apply(entry)
    for (const tell of this.#changed) tell({ entry, letters })
  }

  #passOver(topic: string, offset: number, problem: string): void {
    this.unreadable.push({ topic, offset, problem })
    if (this.unreadable.length > 100) this.unreadable.shift()
  }
}

/** How far the two topics were read, and what came of it. */
interface Reading {
  readonly states: LetterStates
  readonly views: LetterViews
  auditNext: number
}

function newReading(): Reading {
  const views = new LetterViews()
  return { views, states: new LetterStates(views), auditNext: 0 }
}

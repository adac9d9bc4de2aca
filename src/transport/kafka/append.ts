/**
 * An append call on its way: its records in batches by partition, and their outcomes back at their places in the call.
 * @module
 */
import { RecordTooLarge, type AppendOutcome, type AppendRecord, type EarlyOutcomes } from '../index.ts'
import { recordBytes } from './record-codec.ts'

export class AppendCall {
  readonly outcomes: Promise<readonly AppendOutcome[]>
  readonly #outcomes: AppendOutcome[]
  readonly #settled = Promise.withResolvers<readonly AppendOutcome[]>()
  readonly #early: EarlyOutcomes | undefined
  #missing: number
  #unknown: Error | undefined

  constructor(size: number, early?: EarlyOutcomes) {
    this.#early = early
    this.#outcomes = Array.from({ length: size })
    this.#missing = size
    this.outcomes = this.#settled.promise
    if (size === 0) this.#settled.resolve([])
  }

  settle(index: number, outcome: AppendOutcome): void {
    this.#outcomes[index] = outcome
    this.#count(1)
  }

  /** Those of one batch: told at once when others are still missing. */
  settleAll(places: readonly number[], outcomes: readonly AppendOutcome[]): void {
    for (const [nth, place] of places.entries()) this.#outcomes[place] = outcomes[nth]!
    if (places.length < this.#missing) this.#early?.(places, outcomes)
    this.#count(places.length)
  }

  /** Nobody knows whether this record was stored: then the call rejects, since an outcome is always certain. */
  settleUnknown(error: Error): void {
    this.#unknown ??= error
    this.#count(1)
  }

  #count(settled: number): void {
    this.#missing -= settled
    if (this.#missing > 0) return
    if (this.#unknown === undefined) this.#settled.resolve(this.#outcomes)
    else this.#settled.reject(this.#unknown)
  }
}

/** One record of a call. */
export interface Entry {
  readonly call: AppendCall
  readonly index: number
  readonly bytes: number
  readonly record: AppendRecord
}

/** Entries of `records` for the partitions' queues; those above the limit have their outcome already. */
export function entriesOf(
  records: readonly AppendRecord[],
  maxRecordBytes: number,
  early?: EarlyOutcomes,
): [AppendCall, Entry[]] {
  const call = new AppendCall(records.length, early)
  const entries: Entry[] = []
  for (const [index, record] of records.entries()) {
    const bytes = recordBytes(record)
    if (bytes > maxRecordBytes) {
      call.settle(index, { error: recordTooLarge(bytes, maxRecordBytes) })
    } else entries.push({ call, index, bytes, record })
  }
  return [call, entries]
}

export function recordTooLarge(bytes: number, maxRecordBytes: number): RecordTooLarge {
  return new RecordTooLarge(bytes, maxRecordBytes, "kafka({ maxRecordBytes }) (the topic's max.message.bytes)")
}

/** The producer a partition's batches are numbered by; a higher epoch makes the broker refuse what an older one still has on its way. */
export interface Identity {
  readonly producerId: bigint
  readonly epoch: number
}

/** Records of one partition that are stored together or not at all. */
export class Batch {
  readonly entries: Entry[]
  bytes = 0
  /** When to give up. */
  readonly deadline: number
  /** Set when it was first sent; from then on it is repeated exactly as it was, so that the broker knows it again. */
  sent: { readonly identity: Identity; readonly sequence: number } | undefined
  /** An attempt ended without an answer: it may be stored. */
  uncertain = false
  lastError: Error | undefined

  constructor(entries: readonly Entry[], deadline: number) {
    this.entries = [...entries]
    this.deadline = deadline
    for (const { bytes } of entries) this.bytes += bytes
  }

  stored(baseOffset: number): void {
    let nth = 0
    // Entries of one call lie together.
    while (nth < this.entries.length) {
      const { call } = this.entries[nth]!
      const places: number[] = []
      const outcomes: AppendOutcome[] = []
      for (; this.entries[nth]?.call === call; nth++) {
        places.push(this.entries[nth]!.index)
        outcomes.push({ offset: baseOffset + nth })
      }
      call.settleAll(places, outcomes)
    }
  }

  refused(error: Error): void {
    for (const { call, index } of this.entries) call.settle(index, { error })
  }

  unknown(error: Error): void {
    for (const { call } of this.entries) call.settleUnknown(error)
  }
}

/** What waits for one partition, in order. Only its first batch is ever on its way. */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly batches: Batch[] = []
  /** Its first batch is on its way, or waits to be tried again. */
  busy = false
  #identity: Identity | undefined
  #nextSequence = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  add(entry: Entry, maxBytes: number, deadline: number): void {
    const last = this.batches.at(-1)
    if (last !== undefined && last.sent === undefined && last.bytes + entry.bytes <= maxBytes) {
      last.entries.push(entry)
      last.bytes += entry.bytes
    } else this.batches.push(new Batch([entry], deadline))
  }

  /** Numbers the first batch. Everything before it is settled, so it may begin anew under another identity. */
  number(identity: Identity): { readonly identity: Identity; readonly sequence: number } {
    const batch = this.batches[0]!
    if (batch.sent === undefined) {
      if (this.#identity !== identity) this.#nextSequence = 0
      this.#identity = identity
      batch.sent = { identity, sequence: this.#nextSequence }
    }
    return batch.sent
  }

  /** The first batch is stored. */
  shift(): Batch {
    const batch = this.batches.shift()!
    this.#nextSequence = (batch.sent!.sequence + batch.entries.length) % 2 ** 31
    return batch
  }

  /** The broker takes no batch of this size: halves of it, numbered anew. */
  split(): void {
    const { entries, deadline } = this.batches.shift()!
    const middle = Math.ceil(entries.length / 2)
    this.batches.unshift(new Batch(entries.slice(0, middle), deadline), new Batch(entries.slice(middle), deadline))
  }
}

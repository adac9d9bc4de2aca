/**
 * Stores the append requests of one group commit in one transaction.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { TopicUnknown } from '../../index.ts'
import type { EntryOutcome, PackedEntry, RecordOutcome } from '../protocol.ts'
import { packedLength } from '../record-codec.ts'
import { toWire } from '../wire-errors.ts'
import type { Catalog, PartitionState } from './catalog.ts'
import { batchChecksum } from './checksum.ts'
import { transaction } from './database.ts'
import { batchId } from './layout.ts'
import { idKey, type UsedIds } from './used-ids.ts'

/** A row holds about this much: small enough to read a little of a partition cheaply, large enough to be few. */
const rowBytes = 256 * 1024

/** A row that was stored, for those who follow the end of its partition. */
export interface StoredRow {
  readonly state: PartitionState
  readonly base: number
  readonly count: number
  readonly bytes: Uint8Array
}

/** What one transaction adds to one partition. */
interface Growth {
  readonly state: PartitionState
  end: number
  bytes: number
  pieces: Uint8Array[]
  pieceBytes: number
  pieceCount: number
}

export class Appender {
  readonly #db: DatabaseSync
  readonly #file: string
  readonly #catalog: Catalog
  readonly #ids: UsedIds
  readonly #insert: StatementSync
  #growths = new Map<number, Growth>()
  #rows: StoredRow[] = []
  #now = 0

  constructor(db: DatabaseSync, file: string, catalog: Catalog, ids: UsedIds) {
    this.#db = db
    this.#file = file
    this.#catalog = catalog
    this.#ids = ids
    this.#insert = db.prepare('INSERT INTO batches VALUES (?, ?, ?, ?, ?)')
  }

  /**
   * Stores all entries, in order. When it returns they are durable.
   * @throws LogFull (nothing is stored), LogCorrupted, LogUnavailable (they may be stored)
   */
  append(entries: readonly PackedEntry[], now: number): { outcomes: EntryOutcome[]; rows: readonly StoredRow[] } {
    this.#growths = new Map()
    this.#rows = []
    this.#now = now
    const outcomes = transaction(this.#db, this.#file, () => {
      const outcomes = entries.map((entry) => this.#add(entry))
      for (const growth of this.#growths.values()) {
        this.#flush(growth)
        const { id, earliest } = growth.state
        this.#catalog.save({ id, earliest, end: growth.end, bytes: growth.bytes })
      }
      return outcomes
    })
    for (const { state, end, bytes } of this.#growths.values()) {
      state.end = end
      state.bytes = bytes
    }
    return { outcomes, rows: this.#rows }
  }

  #add(entry: PackedEntry): EntryOutcome {
    const state = this.#catalog.find(entry.topic, entry.partition)
    if (state === undefined) {
      const known = this.#catalog.topics.has(entry.topic)
      return { error: toWire(new TopicUnknown(known ? `${entry.topic}/${entry.partition}` : entry.topic)) }
    }
    const growth = this.#growthOf(state)
    if (entry.dedupe !== undefined) return { records: this.#addOnce(growth, entry, entry.dedupe) }
    const base = growth.end
    if (entry.bytes.length <= rowBytes) this.#grow(growth, entry.bytes, entry.count)
    else this.#growByRecord(growth, entry.bytes)
    return { base }
  }

  #growthOf(state: PartitionState): Growth {
    let growth = this.#growths.get(state.id)
    if (growth === undefined) {
      growth = { state, end: state.end, bytes: state.bytes, pieces: [], pieceBytes: 0, pieceCount: 0 }
      this.#growths.set(state.id, growth)
    }
    return growth
  }

  #addOnce(growth: Growth, entry: PackedEntry, dedupe: NonNullable<PackedEntry['dedupe']>): RecordOutcome[] {
    const outcomes: RecordOutcome[] = []
    let at = 0
    for (const wish of dedupe) {
      const length = packedLength(entry.bytes, at)
      const outcome = wish === null ? undefined : this.#repeated(growth, wish)
      outcomes.push(outcome ?? { offset: growth.end })
      if (outcome === undefined) this.#grow(growth, entry.bytes.subarray(at, at + length), 1)
      at += length
    }
    return outcomes
  }

  /** The outcome of a record whose id was used before; `undefined` (and the id remembered) for a new one. */
  #repeated(growth: Growth, wish: { scope: string; id: string; digest: number }): RecordOutcome | undefined {
    const key = idKey(wish)
    const used = this.#ids.find(key, this.#now)
    if (used === undefined) {
      const { state, end } = growth
      this.#ids.remember(key, { partitionId: state.id, offset: end, digest: wish.digest }, this.#now)
      return undefined
    }
    if (used.digest !== wish.digest) return { conflict: used.offset }
    const repeated = { offset: used.offset, duplicate: true }
    const first = used.partitionId === growth.state.id ? undefined : this.#catalog.partitions.get(used.partitionId)
    return first ? { ...repeated, first: { topic: first.topic, partition: first.partition } } : repeated
  }

  /** Splits a long entry at record boundaries into rows of about `rowBytes`. */
  #growByRecord(growth: Growth, bytes: Uint8Array): void {
    let start = 0
    let count = 0
    let at = 0
    while (at < bytes.length) {
      const next = at + packedLength(bytes, at)
      if (count > 0 && next - start > rowBytes) {
        this.#grow(growth, bytes.subarray(start, at), count)
        start = at
        count = 0
      }
      at = next
      count++
    }
    this.#grow(growth, bytes.subarray(start), count)
  }

  #grow(growth: Growth, bytes: Uint8Array, count: number): void {
    if (growth.pieceBytes > 0 && growth.pieceBytes + bytes.length > rowBytes) this.#flush(growth)
    growth.pieces.push(bytes)
    growth.pieceBytes += bytes.length
    growth.pieceCount += count
    growth.end += count
  }

  #flush(growth: Growth): void {
    const { state, pieces, pieceCount: count } = growth
    if (count === 0) return
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    const base = growth.end - count
    this.#insert.run(batchId(state.id, base), count, this.#now, batchChecksum(state.id, base, count, bytes), bytes)
    this.#rows.push({ state, base, count, bytes })
    growth.bytes += bytes.length
    growth.pieces = []
    growth.pieceBytes = 0
    growth.pieceCount = 0
  }
}

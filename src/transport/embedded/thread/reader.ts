/**
 * Reads records by offset, verifying every byte before it is handed out.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { LogCorrupted, OffsetOutOfRange, TopicUnknown } from '../../index.ts'
import type { ReadAsk, ReadPart } from '../protocol.ts'
import { cutChunk, freeChunk, type PackedChunk } from '../record-codec.ts'
import { type PartitionState, readPartition, readTopics, selectPartition } from './catalog.ts'
import { batchChecksum } from './checksum.ts'
import { openReadOnly } from './database.ts'
import { batchId, logTables, offsetBits } from './layout.ts'

type Want = ReadAsk['wants'][number]

/** Rows that were handed out in part are kept for the next request, at most this many. */
const keptRows = 16

const offsetMask = (1n << offsetBits) - 1n

export class Reader {
  readonly #file: string
  readonly #db: DatabaseSync
  readonly #partition: StatementSync
  readonly #rowAt: StatementSync
  readonly #rowBefore: StatementSync
  readonly #kept = new Map<number, PackedChunk>()
  #firstIds = new Map<string, { firstId: number; partitions: number }>()

  /** @throws LogCorrupted, LogVersionMismatch, LogUnavailable */
  constructor(file: string) {
    this.#file = file
    this.#db = openReadOnly(file, logTables)
    this.#partition = this.#db.prepare(selectPartition)
    this.#rowAt = this.#db.prepare('SELECT count, crc, bytes FROM batches WHERE id = ?')
    this.#rowBefore = this.#db.prepare('SELECT id FROM batches WHERE id <= ? AND id >= ? ORDER BY id DESC LIMIT 1')
    this.#rowBefore.setReadBigInts(true)
  }

  /** Reads one partition from `want.offset`. @throws TopicUnknown, OffsetOutOfRange, LogCorrupted */
  read(want: Want): ReadPart {
    this.#db.exec('BEGIN')
    try {
      return this.#read(want)
    } finally {
      this.#db.exec('COMMIT')
    }
  }

  close(): void {
    this.#db.close()
  }

  #read(want: Want): ReadPart {
    const state = this.#state(want)
    const { id, earliest, end } = state
    if (want.offset > end) {
      throw new OffsetOutOfRange(
        `${want.topic}/${want.partition} ends at offset ${end}; offset ${want.offset} does not exist yet. Read from ${end} to wait for the next record.`,
      )
    }
    const chunks: PackedChunk[] = []
    let offset = Math.max(want.offset, earliest)
    let left = want.maxBytes
    while (offset < end && (left > 0 || chunks.length === 0)) {
      const chunk = this.#chunk(want, id, offset)
      const cut = cutChunk(chunk, offset, left)
      // Only the first record of an answer may be above the limit.
      if (chunks.length > 0 && cut.bytes.length > left) {
        this.#keep(id, chunk)
        break
      }
      // A part is copied, so that what the caller holds in memory is what it got.
      chunks.push(cut === chunk ? cut : { ...cut, bytes: new Uint8Array(cut.bytes) })
      offset = cut.base + cut.count
      // Before the row is freed: a view of freed memory has no length.
      left -= cut.bytes.length
      if (offset < chunk.base + chunk.count) this.#keep(id, chunk)
      else if (cut !== chunk) freeChunk(chunk)
    }
    return { chunks, nextOffset: offset, endOffset: end }
  }

  #state(want: Want): Omit<PartitionState, 'topic' | 'partition'> {
    const id = this.#partitionId(want)
    try {
      return readPartition(this.#partition, id, this.#file)
    } catch (error) {
      // Deleted since we learned its id? Then the topic list says so.
      this.#firstIds.clear()
      if (this.#partitionId(want) === id) throw error
      return this.#state(want)
    }
  }

  #partitionId({ topic, partition }: Want): number {
    if (!this.#firstIds.has(topic)) {
      this.#firstIds = new Map(readTopics(this.#db, this.#file).topics.map((entry) => [entry.name, entry]))
    }
    const entry = this.#firstIds.get(topic)
    if (entry === undefined) throw new TopicUnknown(topic)
    if (!Number.isInteger(partition) || partition < 0 || partition >= entry.partitions) {
      throw new TopicUnknown(`${topic}/${partition}`)
    }
    return entry.firstId + partition
  }

  /** The row that holds `offset`, verified. */
  #chunk(want: Want, id: number, offset: number): PackedChunk {
    const kept = this.#kept.get(id)
    this.#kept.delete(id)
    if (kept !== undefined && kept.base <= offset && offset < kept.base + kept.count) return kept
    if (kept !== undefined) freeChunk(kept)
    return this.#row(want, id, offset) ?? this.#rowAround(want, id, offset)
  }

  #rowAround(want: Want, id: number, offset: number): PackedChunk {
    const found = this.#rowBefore.get(batchId(id, offset), batchId(id, 0)) as { id: bigint } | undefined
    const chunk = found === undefined ? undefined : this.#row(want, id, Number(found.id & offsetMask))
    // Rows follow each other without gaps, so a missing one is damage too.
    if (chunk === undefined || offset >= chunk.base + chunk.count) throw this.#damaged(want, offset, 'is missing')
    return chunk
  }

  #row(want: Want, id: number, base: number): PackedChunk | undefined {
    const row = this.#rowAt.get(batchId(id, base)) as { count: number; crc: number; bytes: Uint8Array } | undefined
    if (row === undefined) return undefined
    const { count, bytes } = row
    if (batchChecksum(id, base, count, bytes) !== row.crc) {
      throw this.#damaged(want, base, 'does not match its checksum')
    }
    return { base, count, bytes }
  }

  #damaged({ topic, partition }: Want, offset: number, problem: string): LogCorrupted {
    return new LogCorrupted(
      this.#file,
      `the records of ${topic}/${partition} from offset ${offset} on: the row ${problem}`,
    )
  }

  #keep(id: number, chunk: PackedChunk): void {
    this.#kept.set(id, chunk)
    if (this.#kept.size <= keptRows) return
    const [oldest, unwanted] = this.#kept.entries().next().value!
    this.#kept.delete(oldest)
    freeChunk(unwanted)
  }
}

/**
 * Topics and partitions of the log: their rows, and the same in memory while the owner runs.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { LogCorrupted, LogFull, TopicMismatch, TopicUnknown, type TopicSpec } from '../../index.ts'
import { rowChecksum } from './checksum.ts'
import { batchId, maxPartitions } from './layout.ts'

export interface TopicEntry extends TopicSpec {
  /** Id of partition 0; the others follow. Ids are never used again. */
  readonly firstId: number
}

export interface PartitionState {
  readonly id: number
  readonly topic: string
  readonly partition: number
  earliest: number
  end: number
  /** Bytes of the retained records. */
  bytes: number
}

/** The first rows of a new log file. */
export function firstLogRows(db: DatabaseSync): void {
  const logId = randomUUID()
  db.prepare('INSERT INTO meta VALUES (1, ?, 0, 1, ?)').run(logId, rowChecksum('meta', logId, 0, 1))
}

/** Reads one partition's row. @throws LogCorrupted */
export function readPartition(
  select: StatementSync,
  id: number,
  file: string,
): Omit<PartitionState, 'topic' | 'partition'> {
  const row = select.get(id) as { earliest: number; end: number; bytes: number; crc: number } | undefined
  if (row === undefined) throw new LogCorrupted(file, `the state of partition ${id} is missing`)
  if (rowChecksum('partition', id, row.earliest, row.end, row.bytes) !== row.crc) {
    throw new LogCorrupted(file, `the state of partition ${id} does not match its checksum`)
  }
  return { id, earliest: row.earliest, end: row.end, bytes: row.bytes }
}

export const selectPartition = 'SELECT earliest, end, bytes, crc FROM partitions WHERE id = ?'

/** Reads all topics. @throws LogCorrupted */
export function readTopics(db: DatabaseSync, file: string): { logId: string; nextId: number; topics: TopicEntry[] } {
  const meta = db.prepare('SELECT log_id, topics, next_partition_id, crc FROM meta WHERE id = 1').get() as
    | { log_id: string; topics: number; next_partition_id: number; crc: number }
    | undefined
  if (meta === undefined || rowChecksum('meta', meta.log_id, meta.topics, meta.next_partition_id) !== meta.crc) {
    throw new LogCorrupted(file, 'its identity does not match its checksum')
  }
  const rows = db.prepare('SELECT * FROM topics ORDER BY name').all() as unknown as TopicRow[]
  if (rows.length !== meta.topics) {
    throw new LogCorrupted(file, `it should list ${meta.topics} topics and lists ${rows.length}`)
  }
  return { logId: meta.log_id, nextId: meta.next_partition_id, topics: rows.map((row) => topicOf(row, file)) }
}

interface TopicRow {
  name: string
  partitions: number
  first_id: number
  retention_ms: number
  retention_bytes: number
  crc: number
}

function topicOf(row: TopicRow, file: string): TopicEntry {
  const { name, partitions, first_id, retention_ms, retention_bytes } = row
  if (rowChecksum('topic', name, partitions, first_id, retention_ms, retention_bytes) !== row.crc) {
    throw new LogCorrupted(file, `the row of topic "${name}" does not match its checksum`)
  }
  return { name, partitions, firstId: first_id, retentionMs: retention_ms, retentionBytes: retention_bytes }
}

export class Catalog {
  readonly logId: string
  readonly topics = new Map<string, TopicEntry>()
  readonly partitions = new Map<number, PartitionState>()
  readonly #db: DatabaseSync
  #nextId: number
  readonly #update: StatementSync

  constructor(db: DatabaseSync, file: string) {
    this.#db = db
    this.#update = db.prepare('UPDATE partitions SET earliest = ?, end = ?, bytes = ?, crc = ? WHERE id = ?')
    const { logId, nextId, topics } = readTopics(db, file)
    this.logId = logId
    this.#nextId = nextId
    const select = db.prepare(selectPartition)
    for (const topic of topics) {
      this.topics.set(topic.name, topic)
      for (let partition = 0; partition < topic.partitions; partition++) {
        const state = readPartition(select, topic.firstId + partition, file)
        this.partitions.set(state.id, { ...state, topic: topic.name, partition })
      }
    }
  }

  find(topic: string, partition: number): PartitionState | undefined {
    const entry = this.topics.get(topic)
    if (entry === undefined || !Number.isInteger(partition) || partition < 0 || partition >= entry.partitions) return
    return this.partitions.get(entry.firstId + partition)
  }

  /** @throws TopicUnknown */
  partitionsOf(topic: string): PartitionState[] {
    const entry = this.topics.get(topic)
    if (entry === undefined) throw new TopicUnknown(topic)
    return Array.from({ length: entry.partitions }, (_, index) => this.partitions.get(entry.firstId + index)!)
  }

  /** Writes a partition's row (inside the caller's transaction); memory is the caller's to change after the commit. */
  save(state: Pick<PartitionState, 'id' | 'earliest' | 'end' | 'bytes'>): void {
    const crc = rowChecksum('partition', state.id, state.earliest, state.end, state.bytes)
    this.#update.run(state.earliest, state.end, state.bytes, crc, state.id)
  }

  /** Writes rows of new or changed topics (inside a transaction). Returns what memory must hold after the commit. */
  saveTopics(specs: readonly TopicSpec[]): () => void {
    const entries = new Map<string, TopicEntry>()
    const added: PartitionState[] = []
    let nextId = this.#nextId
    for (const spec of specs) {
      const existing = entries.get(spec.name) ?? this.topics.get(spec.name)
      if (existing !== undefined && existing.partitions !== spec.partitions) {
        throw new TopicMismatch(spec.name, existing.partitions, spec.partitions)
      }
      const firstId = existing?.firstId ?? nextId
      const { name, partitions, retentionMs, retentionBytes } = spec
      entries.set(name, { name, partitions, retentionMs, retentionBytes, firstId })
      if (existing !== undefined) continue
      for (let partition = 0; partition < partitions; partition++) {
        added.push({ id: nextId + partition, topic: name, partition, earliest: 0, end: 0, bytes: 0 })
      }
      nextId += partitions
    }
    if (nextId > maxPartitions)
      throw new LogFull(`A log directory holds at most ${maxPartitions} partitions in its life.`)
    this.#write(entries.values(), added, nextId)
    return () => {
      this.#nextId = nextId
      for (const entry of entries.values()) this.topics.set(entry.name, entry)
      for (const state of added) this.partitions.set(state.id, state)
    }
  }

  #write(entries: Iterable<TopicEntry>, added: readonly PartitionState[], nextId: number): void {
    const insertTopic = this.#db.prepare('INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?, ?, ?)')
    for (const { name, partitions, firstId, retentionMs, retentionBytes } of entries) {
      const crc = rowChecksum('topic', name, partitions, firstId, retentionMs, retentionBytes)
      insertTopic.run(name, partitions, firstId, retentionMs, retentionBytes, crc)
    }
    const insertPartition = this.#db.prepare('INSERT INTO partitions VALUES (?, 0, 0, 0, ?)')
    for (const { id } of added) insertPartition.run(id, rowChecksum('partition', id, 0, 0, 0))
    this.#saveMeta(nextId)
  }

  #saveMeta(nextId: number): void {
    const { n } = this.#db.prepare('SELECT count(*) AS n FROM topics').get() as { n: number }
    const crc = rowChecksum('meta', this.logId, n, nextId)
    this.#db.prepare('UPDATE meta SET topics = ?, next_partition_id = ?, crc = ? WHERE id = 1').run(n, nextId, crc)
  }

  /** Removes a topic with its records (inside a transaction). Returns what memory must forget after the commit. */
  removeTopic(name: string): () => void {
    const entry = this.topics.get(name)
    if (entry === undefined) throw new TopicUnknown(name)
    const last = entry.firstId + entry.partitions
    this.#db.prepare('DELETE FROM topics WHERE name = ?').run(name)
    this.#db.prepare('DELETE FROM partitions WHERE id >= ? AND id < ?').run(entry.firstId, last)
    this.#db.prepare('DELETE FROM batches WHERE id >= ? AND id < ?').run(batchId(entry.firstId, 0), batchId(last, 0))
    this.#saveMeta(this.#nextId)
    return () => {
      this.topics.delete(name)
      for (let id = entry.firstId; id < last; id++) this.partitions.delete(id)
    }
  }
}

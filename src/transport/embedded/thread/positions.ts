/**
 * Where groups stand, in a file of its own.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { LogCorrupted, type TopicPartition } from '../../index.ts'
import type { WirePosition } from '../protocol.ts'
import { rowChecksum } from './checksum.ts'
import { openDatabase, transaction } from './database.ts'
import { groupTables } from './layout.ts'
import { crc32 } from 'node:zlib'

interface PositionRow {
  group_name: string
  topic: string
  partition: number
  place: number
  metadata: Uint8Array
  crc: number
}

export class Positions {
  readonly #db: DatabaseSync
  readonly #file: string
  readonly #select: StatementSync
  readonly #upsert: StatementSync

  /** @throws LogCorrupted, LogVersionMismatch, LogUnwritable, LogFull */
  constructor(file: string, logId: string, durability: 'fsync' | 'none') {
    this.#file = file
    // A position needs to survive the process, not a power cut (the contract says so): no fsync by transaction.
    const synchronous = durability === 'none' ? 'OFF' : 'NORMAL'
    const first = (db: DatabaseSync): void => {
      db.prepare('INSERT INTO meta VALUES (1, ?, ?)').run(logId, rowChecksum('groups', logId))
    }
    this.#db = openDatabase({ file, tables: groupTables, pageBytes: 4096, synchronous, first })
    try {
      this.#checkIdentity(logId)
      this.#select = this.#db.prepare('SELECT * FROM positions WHERE group_name = ? AND topic = ? AND partition = ?')
      this.#upsert = this.#db.prepare('INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?, ?)')
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  #checkIdentity(logId: string): void {
    const meta = this.#db.prepare('SELECT log_id, crc FROM meta WHERE id = 1').get() as
      | { log_id: string; crc: number }
      | undefined
    if (meta === undefined || meta.crc !== rowChecksum('groups', meta.log_id)) {
      throw new LogCorrupted(this.#file, 'its identity does not match its checksum')
    }
    if (meta.log_id !== logId) throw new LogCorrupted(this.#file, 'it belongs to another log than the log.db beside it')
  }

  /** What the group committed last for a partition. @throws LogCorrupted */
  get(group: string, { topic, partition }: TopicPartition): WirePosition | undefined {
    const row = this.#select.get(group, topic, partition) as unknown as PositionRow | undefined
    return row === undefined ? undefined : this.#position(row)
  }

  #position(row: PositionRow): WirePosition {
    const { topic, partition, place: offset, metadata } = row
    if (positionChecksum(row.group_name, { topic, partition, offset, metadata }) !== row.crc) {
      throw new LogCorrupted(
        this.#file,
        `the position of group "${row.group_name}" in ${topic}/${partition} does not match its checksum`,
      )
    }
    return { topic, partition, offset, metadata }
  }

  /** Stores positions together. @throws LogFull, LogUnavailable */
  save(positions: readonly (WirePosition & { group: string })[]): void {
    transaction(this.#db, this.#file, () => {
      for (const position of positions) {
        const { group, topic, partition, offset, metadata } = position
        this.#upsert.run(group, topic, partition, offset, metadata, positionChecksum(group, position))
      }
    })
  }

  groups(): string[] {
    const rows = this.#db
      .prepare("SELECT DISTINCT group_name AS name FROM positions WHERE group_name <> '' ORDER BY 1")
      .all()
    return rows.map((row) => String(row['name']))
  }

  of(group: string): WirePosition[] {
    const rows = this.#db.prepare('SELECT * FROM positions WHERE group_name = ?').all(group) as unknown as PositionRow[]
    return rows.map((row) => this.#position(row))
  }

  /**
   * Forgets a deleted topic, so that a new one with its name starts fresh. Synced: what a power cut took back would be brought here again
   * out of the records of commits.
   */
  forgetTopic(topic: string): void {
    transaction(this.#db, this.#file, () => this.#db.prepare('DELETE FROM positions WHERE topic = ?').run(topic))
    this.#db.exec('PRAGMA wal_checkpoint')
  }

  close(): void {
    this.#db.close()
  }
}

function positionChecksum(group: string, position: WirePosition): number {
  return crc32(position.metadata, rowChecksum('position', group, position.topic, position.partition, position.offset))
}

/**
 * The ceiling: the same bytes into SQLite alone, a row per batch and partition, with the same settings as the log, and nothing else.
 * @module
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { recordBytes } from './payload.ts'
import { rateSince } from './statistics.ts'

export interface CeilingOptions {
  readonly directory: string
  readonly events: number
  /** Events of one transaction. */
  readonly batchEvents: number
  /** Rows they are spread over: one of each partition. */
  readonly rows: number
  /** Reads every row again after each transaction, as a consumer would. */
  readonly readBack?: boolean
}

/** Events per second. */
export function sqliteCeiling({ directory, events, batchEvents, rows, readBack = false }: CeilingOptions): number {
  const file = join(directory, 'ceiling.db')
  const database = new DatabaseSync(file)
  database.exec('PRAGMA page_size = 32768; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE batches (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)')
  const insert = database.prepare('INSERT INTO batches (bytes) VALUES (?)')
  const select = database.prepare('SELECT bytes FROM batches WHERE id = ?')
  const bytes = new Uint8Array(Math.ceil((batchEvents / rows) * recordBytes))
  const startedAt = performance.now()
  let stored = 0
  while (stored < events) {
    database.exec('BEGIN IMMEDIATE')
    const ids: (number | bigint)[] = []
    for (let row = 0; row < rows; row++) ids.push(insert.run(bytes).lastInsertRowid)
    database.exec('COMMIT')
    if (readBack) for (const id of ids) select.get(id)
    stored += batchEvents
  }
  const rate = rateSince(stored, startedAt)
  database.close()
  for (const ending of ['', '-wal', '-shm']) rmSync(file + ending, { force: true })
  return rate
}

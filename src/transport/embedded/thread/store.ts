/**
 * The owner's hold of the files: opens, checks, and joins what works on them.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { TopicSpec } from '../../index.ts'
import type { CompiledOptions } from '../options.ts'
import type { EntryOutcome, PackedEntry } from '../protocol.ts'
import { Appender, type StoredRow } from './appender.ts'
import { Catalog, firstLogRows } from './catalog.ts'
import { openDatabase, transaction } from './database.ts'
import { type LogFiles, logPageBytes, logTables } from './layout.ts'
import { Positions } from './positions.ts'
import { Retention } from './retention.ts'
import { logError } from './sqlite-errors.ts'
import { StagedCommits } from './staged-commits.ts'
import { UsedIds } from './used-ids.ts'
import { checkWal } from './wal-check.ts'

export class Store {
  readonly catalog: Catalog
  readonly positions: Positions
  readonly staged: StagedCommits
  readonly #db: DatabaseSync
  readonly #files: LogFiles
  readonly #appender: Appender
  readonly #retention: Retention

  /** @throws LogCorrupted, LogVersionMismatch, LogUnwritable, LogFull */
  constructor(files: LogFiles, options: CompiledOptions) {
    this.#files = files
    checkWal(`${files.log}-wal`)
    const synchronous = options.durability === 'none' ? 'OFF' : 'FULL'
    this.#db = openDatabase({
      file: files.log,
      tables: logTables,
      pageBytes: logPageBytes,
      synchronous,
      first: firstLogRows,
    })
    try {
      this.catalog = new Catalog(this.#db, files.log)
      const ids = new UsedIds(this.#db, files.log, options.dedupeWindowMs)
      this.#appender = new Appender(this.#db, files.log, this.catalog, ids)
      this.#retention = new Retention(this.#db, files.log, this.catalog, ids)
      this.positions = new Positions(files.groups, this.catalog.logId, options.durability)
      this.staged = new StagedCommits(this, this.positions)
    } catch (error) {
      this.#db.close()
      throw logError(error, files.log)
    }
    try {
      this.staged.recover(files.log)
    } catch (error) {
      this.close()
      throw error
    }
  }

  append(entries: readonly PackedEntry[], now: number): { outcomes: EntryOutcome[]; rows: readonly StoredRow[] } {
    return this.#appender.append(entries, now)
  }

  createTopics(topics: readonly TopicSpec[]): void {
    transaction(this.#db, this.#files.log, () => this.catalog.saveTopics(topics))()
  }

  deleteTopic(name: string): void {
    // Positions first: after a crash between the two the topic merely starts over.
    if (this.catalog.topics.has(name)) this.positions.forgetTopic(name)
    transaction(this.#db, this.#files.log, () => this.catalog.removeTopic(name))()
  }

  /** One small step of retention; false when there is nothing to do. */
  retain(now: number): boolean {
    return this.#retention.step(now)
  }

  close(): void {
    this.#db.close()
    this.positions.close()
  }
}

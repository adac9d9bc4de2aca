/**
 * Making, opening and checking the SQLite files.
 * @module
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LogCorrupted, LogVersionMismatch } from '../../index.ts'
import { applicationId, formatVersion } from './layout.ts'
import { logError } from './sqlite-errors.ts'

/** The write-ahead log is brought into the database when it is this long. */
const checkpointBytes = 32 * 1024 * 1024

export interface DatabasePlan {
  readonly file: string
  readonly tables: string
  readonly pageBytes: number
  /** SQLite's `synchronous`: FULL syncs every transaction, NORMAL only checkpoints, OFF nothing. */
  readonly synchronous: 'FULL' | 'NORMAL' | 'OFF'
  /** Fills the first rows of a new file. */
  readonly first: (db: DatabaseSync) => void
}

/**
 * Opens the file of `plan`, making it when missing.
 * @throws LogCorrupted, LogVersionMismatch, LogUnwritable, LogFull
 */
export function openDatabase(plan: DatabasePlan): DatabaseSync {
  try {
    if (!existsSync(plan.file)) makeDatabase(plan)
    checkHeaderSize(plan)
    const db = new DatabaseSync(plan.file)
    try {
      tune(db, plan)
      checkFormat(db, plan.file, plan.tables)
      return db
    } catch (error) {
      db.close()
      throw error
    }
  } catch (error) {
    throw logError(error, plan.file)
  }
}

/** A new file appears whole or not at all: made under another name, then renamed. So a short file is always damage. */
function makeDatabase(plan: DatabasePlan): void {
  const unfinished = `${plan.file}.new`
  mkdirSync(dirname(plan.file), { recursive: true, mode: 0o700 })
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(unfinished + suffix, { force: true })
  const db = new DatabaseSync(unfinished)
  try {
    db.exec(`PRAGMA page_size=${plan.pageBytes}; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA synchronous=FULL`)
    db.exec(`PRAGMA application_id=${applicationId}; PRAGMA user_version=${formatVersion}`)
    db.exec(`BEGIN; ${plan.tables}`)
    plan.first(db)
    db.exec('COMMIT; PRAGMA journal_mode=WAL')
  } finally {
    db.close()
  }
  renameSync(unfinished, plan.file)
  syncDirectory(dirname(plan.file))
}

function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(directory, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}

/** SQLite takes an empty file for a new database; here it can only be damage. */
function checkHeaderSize(plan: DatabasePlan): void {
  const { size } = statSync(plan.file)
  if (size < plan.pageBytes) throw new LogCorrupted(plan.file, `it has only ${size} bytes`)
}

function tune(db: DatabaseSync, plan: DatabasePlan): void {
  // 4 MiB of cache each. No mmap: a fault in a mapped file would kill the process instead of raising an error.
  db.exec(`PRAGMA synchronous=${plan.synchronous}; PRAGMA cache_size=-4096; PRAGMA cell_size_check=ON`)
  db.exec('PRAGMA journal_size_limit=67108864; PRAGMA busy_timeout=2000')
  // A checkpoint holds up whoever appends then, so there are few of them.
  db.exec(`PRAGMA wal_autocheckpoint=${checkpointBytes / plan.pageBytes}`)
}

/** Opens a second connection that only reads. @throws LogCorrupted, LogVersionMismatch, LogUnavailable */
export function openReadOnly(file: string, tables: string): DatabaseSync {
  try {
    const db = new DatabaseSync(file, { readOnly: true })
    db.exec('PRAGMA cache_size=-2048; PRAGMA cell_size_check=ON; PRAGMA busy_timeout=2000')
    checkFormat(db, file, tables)
    return db
  } catch (error) {
    throw logError(error, file)
  }
}

function checkFormat(db: DatabaseSync, file: string, tables: string): void {
  const application = Number(Object.values(db.prepare('PRAGMA application_id').get()!)[0])
  const version = Number(Object.values(db.prepare('PRAGMA user_version').get()!)[0])
  if (application !== applicationId) throw new LogCorrupted(file, 'it is a database, but not one of this log')
  if (version !== formatVersion) {
    throw new LogVersionMismatch(
      `${file} has format ${version}; this version of veltrix reads format ${formatVersion}. Use the version that wrote it, or another directory.`,
    )
  }
  const rows = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'").all()
  const stored = rows.map((row) => String(row['sql'])).sort()
  const wanted = tables.split(';').map((sql) => sql.trim()).filter(Boolean).sort() // prettier-ignore
  if (stored.join() !== wanted.join()) throw new LogCorrupted(file, 'its table definitions are not what they should be')
}

/**
 * Runs `work` in one transaction. After an error nothing of it is stored — except when the error is LogUnavailable: then
 * the disk failed while committing, and it may be.
 */
export function transaction<T>(db: DatabaseSync, file: string, work: () => T): T {
  try {
    db.exec('BEGIN IMMEDIATE')
    const value = work()
    db.exec('COMMIT')
    return value
  } catch (error) {
    if (db.isTransaction) {
      try {
        db.exec('ROLLBACK')
      } catch {
        // SQLite has rolled back on its own.
      }
    }
    throw logError(error, file)
  }
}

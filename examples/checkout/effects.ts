/**
 * The shop's database: stock reservations and sent mails, written inside the inbox's transaction, with how often each was done.
 * @module
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqliteInbox } from '../../src/inbox/index.ts'
import { directory } from './veltrix.config.ts'

const sqliteBusy = 5

mkdirSync(directory, { recursive: true })

/**
 * One connection, given to the inbox alone while the app runs. `synchronous = NORMAL` survives kill -9 but not a power cut, which is right
 * for a demonstration: with FULL every effect would make the one thread that runs all handlers wait for the disk.
 */
const database = openAlone(join(directory, 'shop.db'))

/**
 * The books are kept in memory, so they hold for one process only: what a second one on the same log handles would be missing in the
 * first one's, and be called lost. The lock lasts as long as the process, also when it is killed.
 * @throws Error when another run has it
 */
function openAlone(file: string): DatabaseSync {
  const opened = new DatabaseSync(file)
  try {
    opened.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS effects (event TEXT, what TEXT, times INTEGER, at INTEGER, PRIMARY KEY (event, what));
    `)
  } catch (error) {
    opened.close()
    if ((error as { errcode?: number }).errcode !== sqliteBusy) throw error
    throw new Error(
      `the checkout example runs already on ${directory}. Stop it first, or give this one a directory of its own: CHECKOUT_DIRECTORY=/tmp/checkout npm start`,
      { cause: error },
    )
  }
  return opened
}

/** Effects are done once per event by this inbox: its own table lies in the same database. */
export const inbox = sqliteInbox({ database })

/**
 * Notes an effect: the row counts how often it really happened. Nothing here prevents a second time; that is the inbox's work,
 * and this table shows whether it did it.
 */
export function noteEffect(tx: DatabaseSync, event: string, what: string): void {
  tx.prepare('INSERT INTO effects VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET times = times + 1').run(
    event,
    what,
    Date.now(),
  )
}

/** Effects of the run's events that happened more than once. */
export function countDuplicates(run: string): number {
  const row = database
    .prepare('SELECT coalesce(sum(times - 1), 0) AS duplicates FROM effects WHERE event >= ? AND event < ?')
    .get(`${run}-`, `${run}.`)
  return Number(row!['duplicates'])
}

const keptForMs = 1 * 3_600_000

/** Rows of long ago are removed, so that the file does not grow with every run. */
export function forgetEffects(now: number): void {
  database.prepare('DELETE FROM effects WHERE at < ?').run(now - keptForMs)
}

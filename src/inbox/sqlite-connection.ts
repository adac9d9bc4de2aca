/**
 * A connection to SQLite, and waiting for others who write to the same file.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { sleep, type Clock } from '../clock.ts'

/** Somebody else's transaction is open on the connection handed in. */
export class ConnectionBusy extends Error {
  constructor() {
    super('the connection is inside a transaction that is not the inbox’s; give the inbox a connection of its own')
  }
}

export async function connect(path: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import('node:sqlite')
  return new DatabaseSync(path)
}

const firstPauseMs = 1
const longestPauseMs = 25

/**
 * Runs `run` again while the database is busy. It pauses on the clock: SQLite's own time-out would stop the whole process.
 * @throws what `run` throws when that is something else, or when `timeoutMs` have passed
 */
export async function patiently<T>(run: () => T, options: { clock: Clock; timeoutMs: number }): Promise<T> {
  const deadline = options.clock.monotonic() + options.timeoutMs
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return run()
    } catch (error) {
      if (!isBusy(error) || options.clock.monotonic() >= deadline) throw error
    }
    await sleep(options.clock, pauseMs)
  }
}

const sqliteBusy = 5
const sqliteLocked = 6

function isBusy(error: unknown): boolean {
  if (error instanceof ConnectionBusy) return true
  const code = (error as { errcode?: unknown } | null)?.errcode
  // The low byte is the primary result code.
  return typeof code === 'number' && ((code & 0xff) === sqliteBusy || (code & 0xff) === sqliteLocked)
}

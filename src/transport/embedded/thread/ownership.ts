/**
 * Who may write a log directory: the process whose connection holds an exclusive lock on `owner.lock`.
 * The operating system frees it when the process dies, however it dies.
 * @module
 */
import { mkdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { LogFiles } from './layout.ts'
import { isBusy, logError } from './sqlite-errors.ts'

export interface Ownership {
  release(): void
}

/**
 * Takes the lock, or returns undefined when another process (or thread) has it.
 * @throws LogUnwritable, LogFull
 */
export function takeOwnership(files: LogFiles): Ownership | undefined {
  let lock: DatabaseSync | undefined
  try {
    // Events may be anybody's business, or nobody's: a new directory is its user's alone.
    mkdirSync(files.directory, { recursive: true, mode: 0o700 })
    lock = new DatabaseSync(files.lock)
    lock.exec('PRAGMA busy_timeout=0; BEGIN EXCLUSIVE')
    const held = lock
    return { release: () => held.close() }
  } catch (error) {
    lock?.close()
    if (isBusy(error)) return undefined
    throw logError(error, lock === undefined ? files.directory : files.lock)
  }
}

/**
 * What SQLite's and the file system's errors mean to the users of the log.
 * @module
 */
import { LogCorrupted, LogFull, LogUnavailable, LogUnwritable } from '../../index.ts'
import { isVeltrixError } from '../../../errors.ts'

const SQLITE_PERM = 3
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_READONLY = 8
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_FORMAT = 24
const SQLITE_NOTADB = 26

const unwritableSystemErrors = new Set([
  'EACCES',
  // What a recursive mkdir says on a read-only file system.
  'ENOENT',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
])

interface Coded extends Error {
  code?: string
  errcode?: number
}

/** Whether another connection holds the lock that was wanted. */
export function isBusy(error: unknown): boolean {
  const primary = primaryCode(error)
  return primary === SQLITE_BUSY || primary === SQLITE_LOCKED
}

function primaryCode(error: unknown): number {
  return ((error as Coded).errcode ?? 0) & 0xff
}

/**
 * The error of the contract that `error` means.
 * @param file the file that was worked on, for the message
 */
export function logError(error: unknown, file: string): Error {
  if (isVeltrixError(error)) return error
  const cause = error as Coded
  if (cause.code === 'ENOSPC' || cause.code === 'EDQUOT') return full(file, cause)
  if (cause.code !== undefined && unwritableSystemErrors.has(cause.code)) return unwritable(file, cause)
  switch (primaryCode(cause)) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return new LogCorrupted(file, cause.message, { cause })
    case SQLITE_FULL:
      return full(file, cause)
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return unwritable(file, cause)
    default:
      return new LogUnavailable(`The log file ${file} cannot be used now: ${cause.message}. Try again.`, { cause })
  }
}

function full(file: string, cause: Error): LogFull {
  return new LogFull(
    `There is no room on the disk of ${file}. Free some space; nothing that was acknowledged is lost.`,
    {
      cause,
    },
  )
}

function unwritable(file: string, cause: Error): LogUnwritable {
  return new LogUnwritable(
    `The log file ${file} cannot be opened for writing (${cause.message}). Give this user a directory that can be written, or choose another with embedded({ directory }).`,
    { cause },
  )
}

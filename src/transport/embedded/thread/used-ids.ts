/**
 * Ids that were appended with `dedupe`, remembered for a window in the same transaction as their records.
 * @module
 */
import { createHash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { LogCorrupted } from '../../index.ts'
import type { Dedupe } from '../protocol.ts'
import { rowChecksum } from './checksum.ts'

const plainKeyBytes = 128

export interface UsedId {
  readonly partitionId: number
  readonly offset: number
  readonly digest: number
}

export class UsedIds {
  readonly #file: string
  readonly #windowMs: number
  readonly #select: StatementSync
  readonly #insert: StatementSync
  readonly #prune: StatementSync

  constructor(db: DatabaseSync, file: string, windowMs: number) {
    this.#file = file
    this.#windowMs = windowMs
    this.#select = db.prepare('SELECT partition_id, place, digest, expires_at, crc FROM ids WHERE key = ?')
    this.#insert = db.prepare('INSERT OR REPLACE INTO ids VALUES (?, ?, ?, ?, ?, ?)')
    this.#prune = db.prepare(
      'DELETE FROM ids WHERE key IN (SELECT key FROM ids WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)',
    )
  }

  /** The first use of this id inside the window. @throws LogCorrupted */
  find(key: Uint8Array, now: number): UsedId | undefined {
    const row = this.#select.get(key) as
      | { partition_id: number; place: number; digest: number; expires_at: number; crc: number }
      | undefined
    if (row === undefined) return undefined
    if (checksum(key, row.partition_id, row.place, row.digest, row.expires_at) !== row.crc) {
      throw new LogCorrupted(this.#file, 'a remembered id does not match its checksum')
    }
    if (row.expires_at <= now) return undefined
    return { partitionId: row.partition_id, offset: row.place, digest: row.digest }
  }

  /** Remembers an id (inside the append's transaction). */
  remember(key: Uint8Array, used: UsedId, now: number): void {
    const expiresAt = now + this.#windowMs
    const crc = checksum(key, used.partitionId, used.offset, used.digest, expiresAt)
    this.#insert.run(key, used.partitionId, used.offset, used.digest, expiresAt, crc)
  }

  /** Forgets up to `limit` ids whose window has passed; tells how many. */
  prune(now: number, limit: number): number {
    return Number(this.#prune.run(now, limit).changes)
  }
}

/**
 * The row key of an id: the text itself, so that ids that sort by time (UUIDv7, ULID, counters) lie side by side and a
 * transaction touches few pages. A long one keeps its beginning and ends with a digest.
 */
export function idKey(dedupe: Dedupe): Uint8Array {
  // The length of the scope makes the key unambiguous, whatever bytes the two contain.
  const key = Buffer.from(`${dedupe.scope.length}:${dedupe.scope}${dedupe.id}`)
  if (key.length <= plainKeyBytes) return key
  return Buffer.concat([key.subarray(0, plainKeyBytes - 32), createHash('sha256').update(key).digest()])
}

function checksum(key: Uint8Array, ...values: number[]): number {
  return rowChecksum('id', Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1'), ...values)
}

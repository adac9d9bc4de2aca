/**
 * The files of a log directory, their tables, and how a connection is set up.
 * @module
 */
import { join } from 'node:path'

/** Format of the files. Raised when an older program could not read them. */
export const formatVersion = 1
/** Marks the files as ours ("vltx"), in SQLite's header. */
export const applicationId = 0x766c7478

/** Bits of a batch's row id that hold the base offset; those above hold the partition's id. 2^45 records at 100,000/s are 11 years. */
export const offsetBits = 45n
export const maxPartitions = 2 ** 17

export interface LogFiles {
  readonly directory: string
  /** Topics, records, used ids. */
  readonly log: string
  /** Positions of groups. A file of its own, because a position needs no fsync and a record does. */
  readonly groups: string
  /** Locked by the owner process for its life. */
  readonly lock: string
}

export function logFiles(directory: string): LogFiles {
  return {
    directory,
    log: join(directory, 'log.db'),
    groups: join(directory, 'groups.db'),
    lock: join(directory, 'owner.lock'),
  }
}

/** Row id of the batch that begins at `base`. Batches of a partition lie together and in order; there is no other index. */
export function batchId(partitionId: number, base: number): bigint {
  return (BigInt(partitionId) << offsetBits) | BigInt(base)
}

/**
 * A single event writes three to five whole pages, a large batch many: with 4 KiB a flood costs a third of its speed, with 32 KiB a lone
 * event writes 150 KiB and waits for more checkpoints.
 */
export const logPageBytes = 8192

export const logTables = `
CREATE TABLE meta (id INTEGER PRIMARY KEY, log_id TEXT NOT NULL, topics INTEGER NOT NULL, next_partition_id INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
CREATE TABLE topics (name TEXT PRIMARY KEY, partitions INTEGER NOT NULL, first_id INTEGER NOT NULL, retention_ms REAL NOT NULL, retention_bytes REAL NOT NULL, crc INTEGER NOT NULL) STRICT;
CREATE TABLE partitions (id INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, end INTEGER NOT NULL, bytes INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
CREATE TABLE batches (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, appended_at INTEGER NOT NULL, crc INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE ids (key BLOB PRIMARY KEY, partition_id INTEGER NOT NULL, place INTEGER NOT NULL, digest REAL NOT NULL, expires_at INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX ids_by_expiry ON ids (expires_at);
`

export const groupTables = `
CREATE TABLE meta (id INTEGER PRIMARY KEY, log_id TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;
CREATE TABLE positions (group_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, place INTEGER NOT NULL, metadata BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (group_name, topic, partition)) STRICT, WITHOUT ROWID;
`

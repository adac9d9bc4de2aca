/**
 * What is done above the committed offset, in few bytes: the metadata of a commit.
 *
 * Other consumers store a list or bitmap of finished OFFSETS, which grows with every follower of a stuck key until it no longer fits.
 * Because one key's events are handled strictly in order, it is enough to store, per key that is not finished, its first
 * unfinished offset and a hash of the key: every event below `high` is done unless it is that offset, or comes later with that key.
 * A million events behind one failing key cost ten bytes.
 *
 * Layout: version, flags, then unsigned LEB128 numbers: `reserved - committed`, `high - committed`, entries; per entry
 * `offset - previous offset` and flags; with followers 6 bytes of key hash; with attempts their number, first and last time (ms).
 * Behind the entries, unless it is 0: `takenBefore`.
 * @module
 */
import { murmur2 } from '../transport/index.ts'

/** A key's first event below `high` that is not done. */
export interface OpenEntry {
  readonly offset: number
  /** Hash of the key, when later events of it lie below `high` too. */
  readonly keyHash?: number
  /** Attempts that ended in failure, or may have ended the process. */
  readonly attempts: number
  /** Wall-clock milliseconds; 0 without attempts. */
  readonly firstAttemptAt: number
  readonly lastAttemptAt: number
}

export interface CommitState {
  /** Nothing was running when this was written: what is not done was not touched. */
  readonly clean: boolean
  /** Events at or above this offset were certainly not started by who wrote this. */
  readonly reserved: number
  /** Every event below is done, but for the entries and their followers. */
  readonly high: number
  /** So many offsets right below the committed one were taken by this group too, at least. Default 0: nothing is known. */
  readonly takenBefore?: number
  /** In offset order. */
  readonly open: readonly OpenEntry[]
}

const version = 1
/** More is of no use, and takes more bytes. */
const maxTakenBefore = 2 ** 21 - 1
const cleanFlag = 1
const followersFlag = 1
const attemptsFlag = 2

/** Upper bounds of an entry's bytes, for admission before encoding. */
export const entryBytes = { plain: 12, attempts: 28, header: 24 } as const

/** 48-bit hash of a key, as a whole number. Two keys sharing one costs a repeat, never a loss. */
export function keyHash(key: string): number {
  const bytes = Buffer.from(key, 'utf8')
  let second = 0x811c9dc5
  for (const byte of bytes) second = Math.imul(second ^ byte, 0x01000193)
  return (murmur2(bytes) >>> 0) * 0x10000 + ((second >>> 0) & 0xffff)
}

/**
 * @param committed offset the metadata is stored with
 * @param maxBytes what does not fit is left out from the top by lowering `high`: it claims less to be done, never more
 */
export function encodeCommitState(committed: number, state: CommitState, maxBytes: number): Uint8Array {
  const whole = encodeEntries(committed, state, state.open.length)
  if (whole.length <= maxBytes) return whole
  let fits = 0
  let tooMany = state.open.length
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1
    if (encodeEntries(committed, state, middle).length <= maxBytes) fits = middle
    else tooMany = middle
  }
  return encodeEntries(committed, state, fits)
}

function encodeEntries(committed: number, state: CommitState, count: number): Uint8Array {
  const high = count < state.open.length ? state.open[count]!.offset : state.high
  const out: number[] = [version, state.clean ? cleanFlag : 0]
  writeNumber(out, Math.max(0, state.reserved - committed))
  writeNumber(out, Math.max(0, high - committed))
  writeNumber(out, count)
  let previous = committed
  for (let i = 0; i < count; i++) {
    const entry = state.open[i]!
    writeNumber(out, entry.offset - previous)
    previous = entry.offset
    out.push((entry.keyHash === undefined ? 0 : followersFlag) | (entry.attempts > 0 ? attemptsFlag : 0))
    if (entry.keyHash !== undefined) writeHash(out, entry.keyHash)
    if (entry.attempts === 0) continue
    writeNumber(out, entry.attempts)
    writeNumber(out, Math.max(0, Math.floor(entry.firstAttemptAt)))
    writeNumber(out, Math.max(0, Math.floor(entry.lastAttemptAt - entry.firstAttemptAt)))
  }
  if (state.takenBefore) writeNumber(out, Math.min(state.takenBefore, maxTakenBefore))
  return Uint8Array.from(out)
}

/** What a stored state says about events. */
export class StoredProgress {
  readonly clean: boolean
  readonly reserved: number
  readonly high: number
  readonly takenBefore: number
  private readonly byOffset = new Map<number, OpenEntry>()
  private readonly byHash = new Map<number, number>()

  constructor(state: CommitState) {
    this.clean = state.clean
    this.reserved = state.reserved
    this.high = state.high
    this.takenBefore = state.takenBefore ?? 0
    for (const entry of state.open) {
      this.byOffset.set(entry.offset, entry)
      // Entries come in offset order. Where two keys share a hash the lower offset must win: a repeat, never a loss.
      if (entry.keyHash !== undefined && !this.byHash.has(entry.keyHash)) this.byHash.set(entry.keyHash, entry.offset)
    }
  }

  /** Whether the event at `offset` (at or above the committed one) with `key` is done. */
  isDone(offset: number, key: string): boolean {
    if (offset >= this.high || this.byOffset.has(offset)) return false
    if (this.byHash.size === 0) return true
    const first = this.byHash.get(keyHash(key))
    return first === undefined || offset < first
  }

  /** Attempts counted so far for the event at `offset`. */
  attemptsAt(offset: number): OpenEntry | undefined {
    return this.byOffset.get(offset)
  }

  /** Whether it may have been running when its worker died. */
  isSuspect(offset: number): boolean {
    return !this.clean && offset < this.reserved
  }

  get entries(): Iterable<OpenEntry> {
    return this.byOffset.values()
  }
}

/** Reads commit metadata. Empty or foreign bytes say nothing: all from `committed` on is open and nothing was started. */
export function decodeCommitState(committed: number, bytes: Uint8Array): StoredProgress {
  try {
    if (bytes.length > 0 && bytes[0] === version) return new StoredProgress(readState(committed, bytes))
  } catch {
    // Truncated: another tool's metadata, or a reset. Nothing is claimed to be done.
  }
  return new StoredProgress({ clean: true, reserved: committed, high: committed, open: [] })
}

function readState(committed: number, bytes: Uint8Array): CommitState {
  const reader = { bytes, at: 2 }
  const clean = (bytes[1]! & cleanFlag) !== 0
  const reserved = committed + readNumber(reader)
  const high = committed + readNumber(reader)
  const count = readNumber(reader)
  const open: OpenEntry[] = []
  let offset = committed
  for (let i = 0; i < count; i++) {
    offset += readNumber(reader)
    const flags = readByte(reader)
    const hash = flags & followersFlag ? readHash(reader) : undefined
    const attempts = flags & attemptsFlag ? readNumber(reader) : 0
    const firstAttemptAt = attempts > 0 ? readNumber(reader) : 0
    const lastAttemptAt = attempts > 0 ? firstAttemptAt + readNumber(reader) : 0
    open.push({ offset, keyHash: hash, attempts, firstAttemptAt, lastAttemptAt })
  }
  const takenBefore = reader.at < bytes.length ? readNumber(reader) : 0
  return { clean, reserved, high, takenBefore, open }
}

interface Reader {
  readonly bytes: Uint8Array
  at: number
}

function readByte(reader: Reader): number {
  const byte = reader.bytes[reader.at++]
  if (byte === undefined) throw new RangeError('commit metadata ends early')
  return byte
}

function readNumber(reader: Reader): number {
  let value = 0
  let scale = 1
  for (;;) {
    const byte = readByte(reader)
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
    scale *= 128
  }
}

function writeNumber(out: number[], value: number): void {
  while (value >= 128) {
    out.push((value % 128) | 0x80)
    value = Math.floor(value / 128)
  }
  out.push(value)
}

function writeHash(out: number[], hash: number): void {
  for (let i = 0; i < 6; i++) {
    out.push(hash % 256)
    hash = Math.floor(hash / 256)
  }
}

function readHash(reader: Reader): number {
  let hash = 0
  let scale = 1
  for (let i = 0; i < 6; i++) {
    hash += readByte(reader) * scale
    scale *= 256
  }
  return hash
}

/**
 * How records lie in memory and on disk: one after the other, self-delimiting, so that batches can be joined and cut
 * without decoding. Layout of a record, little-endian:
 *
 *     u32 length of all that follows · f64 timestamp · u32 key length + 1 (0: null) · u32 value length + 1 (0: null)
 *     · key · value · headers up to the end ([varint][name][varint][value]…)
 * @module
 */
import type { AppendRecord, LogRecord } from '../index.ts'
import { nameBytes, PackedHeaders } from './record-headers.ts'

const fixedBytes = 24
const scratchBytes = 1 << 20

let scratch = Buffer.allocUnsafeSlow(scratchBytes)
let scratchView = new DataView(scratch.buffer)

/** Packs records into one exact, transferable array. Text is written as UTF-8. */
export function packRecords(records: readonly AppendRecord[]): Uint8Array<ArrayBuffer> {
  let at = 0
  for (const record of records) {
    reserve(at, recordBound(record))
    at = packRecord(record, at)
  }
  const packed = new Uint8Array(scratch.buffer.slice(0, at))
  if (scratch.length > 4 * scratchBytes) resize(scratchBytes)
  return packed
}

/** Bytes of key, value and headers as they are stored; at most this many (text is counted at three bytes a unit). */
function recordBound(record: AppendRecord): number {
  let bytes = fixedBytes + (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const [name, value] of record.headers) {
    bytes += 20 + name.length * 3 + (typeof value === 'string' ? value.length * 3 : value.length)
  }
  return bytes
}

/** Bytes of key, value and headers: what `maxRecordBytes` limits. */
export function recordBytes(record: AppendRecord): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const [name, value] of record.headers) {
    bytes += Buffer.byteLength(name) + (typeof value === 'string' ? Buffer.byteLength(value) : value.length)
  }
  return bytes
}

/** Whether the record is surely within `limit`, without measuring its texts. */
export function surelyWithin(record: AppendRecord, limit: number): boolean {
  return recordBound(record) <= limit
}

function packRecord(record: AppendRecord, start: number): number {
  const { key, value } = record
  scratchView.setFloat64(start + 4, record.timestamp, true)
  scratchView.setUint32(start + 12, key === null ? 0 : key.length + 1, true)
  scratchView.setUint32(start + 16, value === null ? 0 : value.length + 1, true)
  let at = start + 20
  if (key !== null) at = putBytes(key, at)
  if (value !== null) at = putBytes(value, at)
  for (const [name, content] of record.headers) {
    const encoded = nameBytes(name)
    at = putBytes(encoded, putVarint(encoded.length, at))
    at = typeof content === 'string' ? putText(content, at) : putBytes(content, putVarint(content.length, at))
  }
  scratchView.setUint32(start, at - start - 4, true)
  return at
}

function putBytes(bytes: Uint8Array, at: number): number {
  const { length } = bytes
  if (length > 24) scratch.set(bytes, at)
  else for (let i = 0; i < length; i++) scratch[at + i] = bytes[i]!
  return at + length
}

function putText(text: string, at: number): number {
  const { length } = text
  if (length < 64) {
    // Short ASCII, the common case: one length byte and one byte a unit, without leaving JavaScript.
    scratch[at] = length
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) break
      scratch[at + 1 + i] = unit
    }
    if (i === length) return at + 1 + length
  }
  const start = putVarint(Buffer.byteLength(text), at)
  return start + scratch.write(text, start)
}

function putVarint(value: number, at: number): number {
  while (value >= 0x80) {
    scratch[at++] = (value % 0x80) | 0x80
    value = Math.floor(value / 0x80)
  }
  scratch[at++] = value
  return at
}

function reserve(at: number, more: number): void {
  if (at + more <= scratch.length) return
  const old = scratch
  resize(Math.max(at + more, scratch.length * 2))
  scratch.set(old.subarray(0, at))
}

function resize(bytes: number): void {
  scratch = Buffer.allocUnsafeSlow(bytes)
  scratchView = new DataView(scratch.buffer)
}

/** Consecutive packed records of one partition. */
export interface PackedChunk {
  /** Offset of the first record. */
  readonly base: number
  readonly count: number
  readonly bytes: Uint8Array
}

/** A record where it lies: most of a backlog waits for a while, so views are made when somebody asks, and not kept. */
class PackedRecord implements LogRecord {
  readonly offset: number
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #start: number
  readonly #end: number

  constructor(bytes: Buffer, view: DataView, offset: number, start: number, end: number) {
    this.#bytes = bytes
    this.#view = view
    this.offset = offset
    this.#start = start
    this.#end = end
  }

  get bytes(): number {
    return this.#end - this.#start
  }

  get timestamp(): number {
    return this.#view.getFloat64(this.#start + 4, true)
  }

  get key(): Uint8Array | null {
    const length = this.#keyLength
    return length < 0 ? null : this.#part(this.#start + 20, length)
  }

  get value(): Uint8Array | null {
    const length = this.#valueLength
    return length < 0 ? null : this.#part(this.#valueStart, length)
  }

  /** No Buffer: its `slice` would not copy. */
  #part(start: number, length: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length)
  }

  get headers(): PackedHeaders {
    return new PackedHeaders(this.#bytes, this.#valueStart + Math.max(this.#valueLength, 0), this.#end)
  }

  get #keyLength(): number {
    return this.#view.getUint32(this.#start + 12, true) - 1
  }

  get #valueLength(): number {
    return this.#view.getUint32(this.#start + 16, true) - 1
  }

  get #valueStart(): number {
    return this.#start + 20 + Math.max(this.#keyLength, 0)
  }
}

/** The records of a chunk as views into it. */
export function unpackRecords(chunk: PackedChunk, into: LogRecord[]): void {
  const { buffer, byteOffset, byteLength } = chunk.bytes
  const bytes = Buffer.from(buffer, byteOffset, byteLength)
  const view = new DataView(buffer, byteOffset, byteLength)
  let at = 0
  for (let offset = chunk.base; at < byteLength; offset++) {
    const end = at + 4 + view.getUint32(at, true)
    into.push(new PackedRecord(bytes, view, offset, at, end))
    at = end
  }
}

/**
 * Cuts `chunk` to the records from `offset` on, up to about `maxBytes` (at least one record).
 * The answer's bytes are a view; nothing is copied.
 */
export function cutChunk(chunk: PackedChunk, offset: number, maxBytes: number): PackedChunk {
  if (offset <= chunk.base && chunk.bytes.length <= maxBytes) return chunk
  const { bytes } = chunk
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let start = 0
  let base = chunk.base
  for (; base < offset && start < bytes.length; base++) start += 4 + view.getUint32(start, true)
  let end = start
  let count = 0
  while (end < bytes.length) {
    const next = end + 4 + view.getUint32(end, true)
    if (count > 0 && next - start > maxBytes) break
    end = next
    count++
  }
  return { base, count, bytes: bytes.subarray(start, end) }
}

/**
 * Frees the memory a chunk lies in now, when nothing else lies there: megabytes go through in objects too few for a collector to come
 * by in time.
 */
export function freeChunk({ bytes }: PackedChunk): void {
  ;(bytes.buffer as ArrayBuffer).transfer(0)
}

/** Length of the packed record at `at`, including its own length field. */
export function packedLength(bytes: Uint8Array, at: number): number {
  return 4 + (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)) + bytes[at + 3]! * 0x1000000
}

/**
 * Records into a batch as brokers keep it (format 2), written straight into the request: the client's own way makes some twenty small
 * buffers of every record, and copies them together twice.
 * @module
 */
import type { AppendRecord } from '../index.ts'

/** What a batch takes before its first record, in bytes. */
const headBytes = 61
/** Where its checksum begins to count. */
const checkedFrom = 21
const currentFormat = 2
/** No record takes more beside key, value and headers: its length, attributes, time, offset, and the lengths of key, value and headers. */
const recordOverhead = 36
/** The two lengths of a header. */
const headerOverhead = 10
/** Text up to here is mostly plain ASCII, and then written letter by letter quicker than by a call. */
const shortText = 64

export interface BatchHead {
  readonly producerId: bigint
  readonly epoch: number
  /** Number of the first record. */
  readonly sequence: number
  readonly isTransactional?: boolean
  /** How its records are packed. Default: as they are. */
  readonly packing?: Packing | undefined
}

/** A way to compress. */
export interface Packing {
  /** Number of it in a batch's attributes. */
  readonly bitmask: number
  compressSync(bytes: Buffer): Buffer
}

/** CRC-32C of bytes. */
export type Checksum = (bytes: Uint8Array) => number

/** An upper bound of what a batch of `records` takes. @param bytes of all keys, values and headers */
export function batchBound(records: readonly AppendRecord[], bytes: number): number {
  let bound = headBytes + bytes
  for (const { headers } of records) bound += recordOverhead + headerOverhead * headers.length
  return bound
}

export class BatchWriter {
  readonly #bytes: Buffer
  #at: number

  /** @param bytes large enough: nothing is checked */
  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Writes one batch; answers where it ends. */
  write(
    records: readonly AppendRecord[],
    { producerId, epoch, sequence, isTransactional, packing }: BatchHead,
    crc: Checksum,
  ): number {
    const bytes = this.#bytes
    const start = this.#at
    this.#at += headBytes
    const base = records[0]!.timestamp
    let latest = base
    for (let nth = 0; nth < records.length; nth++) {
      const record = records[nth]!
      if (record.timestamp > latest) latest = record.timestamp
      this.#record(record, record.timestamp - base, nth)
    }
    const packed = packing !== undefined && this.#pack(packing, start + headBytes)
    const end = this.#at
    // The broker gives the first offset.
    bytes.writeBigInt64BE(0n, start)
    bytes.writeInt32BE(end - start - 12, start + 8)
    // The leader's epoch is the broker's to fill in.
    bytes.writeInt32BE(-1, start + 12)
    bytes[start + 16] = currentFormat
    bytes.writeInt16BE((isTransactional === true ? 1 << 4 : 0) | (packed ? packing.bitmask : 0), start + checkedFrom)
    bytes.writeInt32BE(records.length - 1, start + 23)
    bytes.writeBigInt64BE(BigInt(base), start + 27)
    bytes.writeBigInt64BE(BigInt(latest), start + 35)
    bytes.writeBigInt64BE(producerId, start + 43)
    bytes.writeInt16BE(epoch, start + 51)
    bytes.writeInt32BE(sequence, start + 53)
    bytes.writeInt32BE(records.length, start + 57)
    bytes.writeUInt32BE(crc(bytes.subarray(start + checkedFrom, end)), start + 17)
    return end
  }

  /** Packs what was written from `start` on, in its place; leaves it when it would not get smaller. */
  #pack(packing: Packing, start: number): boolean {
    const packed = packing.compressSync(this.#bytes.subarray(start, this.#at))
    if (packed.length >= this.#at - start) return false
    this.#bytes.set(packed, start)
    this.#at = start + packed.length
    return true
  }

  #record({ key, value, headers }: AppendRecord, timestampDelta: number, offsetDelta: number): void {
    // The length comes first and is known last: room for two bytes of it is what most records need.
    const start = this.#at
    const guessed = 2
    this.#at += guessed
    this.#bytes[this.#at++] = 0
    this.#varint(timestampDelta)
    this.#varint(offsetDelta)
    this.#blob(key)
    this.#blob(value)
    this.#varint(headers.length)
    for (const [name, each] of headers) {
      this.#text(name)
      if (typeof each === 'string') this.#text(each)
      else this.#blob(each)
    }
    const end = this.#at
    const length = end - start - guessed
    this.#at = start
    const needed = varintBytes(length)
    if (needed !== guessed) this.#bytes.copyWithin(start + needed, start + guessed, end)
    this.#varint(length)
    this.#at = start + needed + length
  }

  #blob(blob: Uint8Array | null): void {
    if (blob === null) return this.#varint(-1)
    this.#varint(blob.length)
    this.#bytes.set(blob, this.#at)
    this.#at += blob.length
  }

  #text(text: string): void {
    const bytes = this.#bytes
    const { length } = text
    if (length < shortText) {
      const start = this.#at
      let at = start + 1
      let isAscii = true
      for (let index = 0; index < length; index++) {
        const unit = text.charCodeAt(index)
        if (unit > 0x7f) isAscii = false
        bytes[at++] = unit
      }
      if (isAscii) {
        bytes[start] = length << 1
        this.#at = at
        return
      }
    }
    this.#varint(Buffer.byteLength(text))
    this.#at += bytes.write(text, this.#at)
  }

  /** A signed number of up to 53 bits, zigzag, seven bits a byte. */
  #varint(value: number): void {
    const bytes = this.#bytes
    let rest = value < 0 ? -2 * value - 1 : 2 * value
    // Beyond 31 bits (a time far from the batch's first) there are no bit operations.
    while (rest >= 0x80000000) {
      bytes[this.#at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    while (rest > 0x7f) {
      bytes[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[this.#at++] = rest
  }
}

/** @param value not negative, below 2^30 */
function varintBytes(value: number): number {
  let count = 1
  for (let rest = value << 1; rest > 0x7f; rest >>>= 7) count++
  return count
}

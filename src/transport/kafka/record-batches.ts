/**
 * Record batches (format 2) as brokers store and hand them out, to records. Nothing is copied: records are views of the answer, unless
 * their batch was packed.
 * @module
 */
import { LogCorrupted, LogVersionMismatch, type LogRecord, type TopicPartition } from '../index.ts'
import type { AbortedTransaction } from './fetch-request.ts'
import { FetchedHeaders } from './record-headers.ts'
import { Varints } from './varints.ts'

/** Where the records of an answer come from, and what is made of their batches. */
export interface BatchReading extends TopicPartition {
  /** The first offset that is wanted: a broker hands out whole batches, also when the middle of one was asked for. */
  readonly from: number
  readonly aborted: readonly AbortedTransaction[]
  /** CRC-32C of bytes; undefined: what batches say of theirs is not checked. Kafka: `check.crcs`. */
  readonly crc: ((bytes: Buffer) => number) | undefined
  /** By the number of the codec. @throws when there is none */
  readonly unpack: (codec: number, bytes: Buffer) => Buffer
}

// Places in a batch: https://kafka.apache.org/documentation/#recordbatch
const lengthAt = 8
const magicAt = 16
const crcAt = 17
const attributesAt = 21
const lastDeltaAt = 23
const firstTimeAt = 27
const maxTimeAt = 35
const producerAt = 43
const countAt = 57
const recordsAt = 61
/** What the length does not count: the first offset and itself. */
const uncounted = 12

const codecMask = 0b111
const hasAppendTime = 1 << 3
const isTransactional = 1 << 4
const isControl = 1 << 5

/**
 * @returns the records, and where the next fetch continues: past what is no record, too
 * @throws LogCorrupted, LogVersionMismatch
 */
export function recordsOf(batches: Buffer, reading: BatchReading): { records: LogRecord[]; nextOffset: number } {
  const records: LogRecord[] = []
  const aborted = reading.aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  /** Producers whose transaction at this point of the log was aborted. */
  const discarded = new Set<bigint>()
  let nextOffset = reading.from
  // The last batch may be cut off: the broker counts bytes, not batches.
  for (let at = 0; at + uncounted <= batches.length;) {
    const end = at + uncounted + batches.readInt32BE(at + lengthAt)
    if (end > batches.length) break
    const batch = batches.subarray(at, end)
    const first = Number(batch.readBigInt64BE(0))
    check(batch, first, reading)
    const attributes = batch.readInt16BE(attributesAt)
    const last = first + batch.readInt32BE(lastDeltaAt)
    if ((attributes & isTransactional) !== 0) {
      while (aborted.length > 0 && aborted[0]!.firstOffset <= last) discarded.add(aborted.shift()!.producerId)
    }
    if ((attributes & isControl) !== 0) discarded.delete(batch.readBigInt64BE(producerAt))
    else if ((attributes & isTransactional) === 0 || !discarded.has(batch.readBigInt64BE(producerAt))) {
      readBatch(batch, first, attributes, reading, records)
    }
    nextOffset = Math.max(nextOffset, last + 1)
    at = end
  }
  return { records, nextOffset }
}

function check(batch: Buffer, first: number, reading: BatchReading): void {
  const magic = batch.length > magicAt ? batch.readInt8(magicAt) : 2
  if (magic !== 2) {
    throw new LogVersionMismatch(
      `${batchName(reading, first)} is in the message format ${magic}; only format 2 is read here (Kafka 0.11 and newer write it). Set message.format.version of the topic to 3.0, and let what is older go by its retention.`,
    )
  }
  if (batch.length < recordsAt) throw damaged(reading, first, 'it is shorter than its own head')
  if (reading.crc === undefined) return
  const said = batch.readUInt32BE(crcAt)
  const is = reading.crc(batch.subarray(attributesAt))
  if (said !== is) {
    throw damaged(reading, first, `its checksum (CRC-32C) is ${hex(is)}, and ${hex(said)} was stored with it`)
  }
}

function damaged(place: TopicPartition, first: number, problem: string, cause?: unknown): LogCorrupted {
  const wayOut =
    'Another copy may be well: let it lead the partition (restart the broker that leads it, or kafka-leader-election.sh); reading goes on by itself.'
  return new LogCorrupted(batchName(place, first), problem, { cause, wayOut })
}

function batchName({ topic, partition }: TopicPartition, first: number): string {
  return `The batch of ${topic}/${partition} that begins at offset ${first}`
}

function hex(crc: number): string {
  return `0x${(crc >>> 0).toString(16).padStart(8, '0')}`
}

function readBatch(batch: Buffer, first: number, attributes: number, reading: BatchReading, into: LogRecord[]): void {
  try {
    readRecords(batch, first, attributes, reading, into)
  } catch (cause) {
    throw damaged(reading, first, 'its records cannot be read (see the cause)', cause)
  }
}

function readRecords(batch: Buffer, first: number, attributes: number, reading: BatchReading, into: LogRecord[]): void {
  const codec = attributes & codecMask
  const stored = batch.subarray(recordsAt)
  const bytes = codec === 0 ? stored : reading.unpack(codec, stored)
  const base = Number(batch.readBigInt64BE(firstTimeAt))
  const appended = (attributes & hasAppendTime) === 0 ? undefined : Number(batch.readBigInt64BE(maxTimeAt))
  const at = new Varints(bytes)
  for (let left = batch.readInt32BE(countAt); left > 0; left--) {
    const length = at.next()
    const end = at.place + length
    if (length < 0 || end > bytes.length) throw new RangeError('a record is longer than its batch')
    at.skip(1) // attributes, of which there are none
    const timestamp = base + at.next()
    const offset = first + at.next()
    if (offset >= reading.from) into.push(readRecord(at, bytes, { offset, timestamp: appended ?? timestamp, end }))
    at.place = end
  }
}

function readRecord(
  at: Varints,
  bytes: Buffer,
  { offset, timestamp, end }: { offset: number; timestamp: number; end: number },
): LogRecord {
  const key = at.bytes()
  const value = at.bytes()
  const count = at.next()
  const headers = new FetchedHeaders(bytes, at.place, count)
  const size = (key?.length ?? 0) + (value?.length ?? 0) + (end - at.place)
  return { offset, timestamp, key, value, headers, bytes: size }
}

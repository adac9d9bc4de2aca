/**
 * Records to what the client sends, and what it fetched to records.
 * @module
 */
import type { AppendRecord, LogRecord } from '../index.ts'
import type { FetchedPartition, StoredBatch, StoredRecord } from './answers.ts'
import { FetchedHeaders } from './record-headers.ts'

/** A record as the client's produce request takes it. */
export interface Message {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | undefined
  readonly value: Buffer
  /** A map by identity: names may repeat. */
  readonly headers: Map<Buffer, Buffer> | undefined
  readonly timestamp: bigint
}

export function messageOf({ topic, partition, key, value, headers, timestamp }: AppendRecord): Message {
  return {
    topic,
    partition,
    key: key === null ? undefined : bufferOf(key),
    // The client's type says it cannot be null; its encoder knows better.
    value: (value === null ? null : bufferOf(value)) as Buffer,
    headers:
      headers.length === 0 ? undefined : new Map(headers.map(([name, each]) => [Buffer.from(name), bytesOf(each)])),
    timestamp: BigInt(timestamp),
  }
}

/** Key + headers + value, in bytes. */
export function recordBytes({ key, value, headers }: AppendRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, each] of headers) {
    bytes += Buffer.byteLength(name) + (typeof each === 'string' ? Buffer.byteLength(each) : each.length)
  }
  return bytes
}

const isTransactional = 1 << 4
const isControl = 1 << 5
const hasAppendTime = 1 << 3

/** Records of a partition's answer from `offset` on, and where the next fetch continues. */
export function recordsOf(answer: FetchedPartition, offset: number): { records: LogRecord[]; nextOffset: number } {
  const records: LogRecord[] = []
  let nextOffset = offset
  const aborted = [...(answer.abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  /** Producers whose transaction at this point of the log was aborted. */
  const discarded = new Set<bigint>()
  for (const batch of answer.records ?? []) {
    const first = Number(batch.firstOffset)
    const last = first + batch.lastOffsetDelta
    while (aborted.length > 0 && Number(aborted[0]!.firstOffset) <= last) discarded.add(aborted.shift()!.producerId)
    nextOffset = Math.max(nextOffset, last + 1)
    if ((batch.attributes & isControl) !== 0) discarded.delete(batch.producerId)
    else if ((batch.attributes & isTransactional) === 0 || !discarded.has(batch.producerId)) {
      unpack(batch, first, offset, records)
    }
  }
  return { records, nextOffset }
}

function unpack(batch: StoredBatch, first: number, from: number, into: LogRecord[]): void {
  const base = Number(batch.firstTimestamp)
  const appended = (batch.attributes & hasAppendTime) === 0 ? undefined : Number(batch.maxTimestamp)
  for (const record of batch.records) {
    const offset = first + record.offsetDelta
    // A broker hands out whole batches, also when the middle of one was asked for.
    if (offset >= from) into.push(recordOf(record, offset, appended ?? base + Number(record.timestampDelta)))
  }
}

function recordOf({ key, value, headers }: StoredRecord, offset: number, timestamp: number): LogRecord {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, each] of headers) bytes += (name?.length ?? 0) + (each?.length ?? 0)
  return { offset, timestamp, key, value, headers: new FetchedHeaders(headers), bytes }
}

function bytesOf(value: Uint8Array | string): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : bufferOf(value)
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * What brokers hand out, read back: batches made by the client's own encoder are the other side.
 * @module
 */
import * as client from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogRecord } from '../../../src/transport/index.ts'
import { readAnswer } from '../../../src/transport/kafka/fetch-request.ts'
import { recordsOf, type BatchReading } from '../../../src/transport/kafka/record-batches.ts'

type Record = {
  key: Uint8Array | null
  value: Uint8Array | null
  headers: (readonly [string, Uint8Array | null])[]
  timestamp: number
}

const reading: BatchReading = {
  topic: 'shop.orders.bulk',
  partition: 3,
  from: 0,
  aborted: [],
  crc: (bytes) => client.crc32c(bytes),
  unpack: (codec, bytes) => client.compressionsAlgorithmsByBitmask[codec]!.decompressSync(bytes),
}

/** As the client writes it, with the offset that a broker would give it. */
function batchOf(
  records: readonly Record[],
  first: number,
  options: { compression?: 'gzip' | 'zstd' | 'lz4' | 'snappy' } = {},
) {
  const messages = records.map(({ key, value, headers, timestamp }) => ({
    topic: reading.topic,
    key: buffer(key) ?? undefined,
    value: buffer(value) as Buffer,
    headers: new Map(headers.map(([name, each]) => [Buffer.from(name), buffer(each) as Buffer])),
    timestamp: BigInt(timestamp),
  }))
  const bytes = Buffer.from(client.createRecordsBatch(messages, options).buffer)
  bytes.writeBigInt64BE(BigInt(first), 0)
  return bytes
}

function buffer(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes)
}

function plain({ key, value, headers, timestamp }: LogRecord) {
  return { key: hex(key), value: hex(value), headers: [...headers].map(([name, each]) => [name, hex(each)]), timestamp }
}

/** A header without a value reads as an empty one. */
function expected({ key, value, headers, timestamp }: Record) {
  const texts = headers.map(([name, each]) => [name, hex(each ?? new Uint8Array())])
  return { key: hex(key), value: hex(value), headers: texts, timestamp }
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex')
}

const blob = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom(0, 63, 64, 127, 128, 8191, 8192, 70_000).map((length) => new Uint8Array(length).fill(7)),
)
const record: fc.Arbitrary<Record> = fc.record({
  key: fc.option(blob, { nil: null }),
  value: fc.option(blob, { nil: null }),
  headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.option(blob, { nil: null })), {
    maxLength: 6,
  }),
  // The client writes times that are more than 24 days apart wrongly.
  timestamp: fc.integer({ min: 1_790_000_000_000, max: 1_790_000_000_000 + 2 ** 30 - 1 }),
})
const batches = fc.array(fc.array(record, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 })

test('records are read as they were written, in every compression, from the offset on that is wanted', () => {
  const compression = fc.constantFrom(undefined, 'gzip', 'zstd', 'lz4', 'snappy' as const)
  fc.assert(
    fc.property(batches, fc.nat(60), fc.nat(60), compression, (all, first, skipped, codec) => {
      const written = all.flat()
      let at = first
      const bytes = all.map((records) => {
        const batch = batchOf(records, at, { compression: codec })
        at += records.length
        return batch
      })
      const from = Math.min(first + skipped, at - 1)
      const { records, nextOffset } = recordsOf(Buffer.concat(bytes), { ...reading, from })
      expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: at - from }, (_, nth) => from + nth))
      expect(records.map(plain)).toEqual(written.slice(from - first).map(expected))
      expect(nextOffset).toBe(at)
    }),
  )
})

test('headers are found by name, the last of a name, and told as texts', () => {
  const texts = ['a', 'b', 'a'].map((name, nth) => [name, Buffer.from(`v${nth}`)] as const)
  const bytes = batchOf(
    [{ key: null, value: null, headers: [...texts, ['raw', Buffer.from([0xff])]], timestamp: 5 }],
    0,
  )
  const { headers } = recordsOf(bytes, reading).records[0]!
  expect(headers.text('a')).toBe('v2')
  expect(headers.text('b')).toBe('v1')
  expect(headers.get('c')).toBeUndefined()
  const told: [string, string | undefined][] = []
  headers.eachText?.((name, text) => told.push([name, text]))
  expect(told).toEqual([
    ['a', 'v0'],
    ['b', 'v1'],
    ['a', 'v2'],
    ['raw', undefined],
  ])
})

const three = [1, 2, 3].map((value) => ({
  key: null,
  value: Buffer.from(`value ${value}`),
  headers: [],
  timestamp: value,
}))

test('a byte that changed anywhere in what the checksum covers is an error, and never a record', () => {
  const good = batchOf(three, 40)
  for (let at = 17; at < good.length; at++) {
    const bad = Buffer.from(good)
    bad[at]! ^= 0x40
    expect(() => recordsOf(bad, reading), `byte ${at}`).toThrow(
      expect.objectContaining({
        code: 'VLX_LOG_CORRUPTED',
        file: 'The batch of shop.orders.bulk/3 that begins at offset 40',
      }),
    )
  }
})

test('records that make no sense are an error also where checksums are not checked', () => {
  const bad = batchOf(three, 40)
  bad.writeInt8(0x7e, 61)
  expect(() => recordsOf(bad, { ...reading, crc: undefined })).toThrow(
    /offset 40 is damaged: its records cannot be read/,
  )
})

test('a batch that the answer cuts off is left for the next fetch', () => {
  const [first, second] = [batchOf(three, 0), batchOf(three, 3)]
  for (const kept of [1, 11, 12, 60, second.length - 1]) {
    const { records, nextOffset } = recordsOf(Buffer.concat([first, second.subarray(0, kept)]), reading)
    expect([records.length, nextOffset]).toEqual([3, 3])
  }
})

test('old message formats are named', () => {
  const old = batchOf(three, 0)
  old.writeInt8(1, 16)
  expect(() => recordsOf(old, reading)).toThrow(/message format 1/)
})

test('an answer is read as the client reads it', () => {
  const answer = client.Writer.create()
    .appendInt32(7)
    .appendInt16(0)
    .appendInt32(0)
    .appendArray(['shop.orders.bulk', 'shop.ordérs.critical'], (topics, topic) => {
      topics.appendString(topic).appendArray([0, 300], (parts, partition) => {
        parts
          .appendInt32(partition)
          .appendInt16(partition === 0 ? 0 : 6)
          .appendInt64(2n ** 40n + 5n)
          .appendInt64(2n ** 40n)
          .appendInt64(3n)
          .appendArray([9n, 10n], (aborted, id) => aborted.appendInt64(id).appendInt64(id * 2n))
          .appendInt32(-1)
        const bytes = batchOf(three, 3)
        parts.appendUnsignedVarInt(bytes.length + 1).append(bytes)
      })
    })
    .appendTaggedFields().buffer
  const { errorCode, partitions } = readAnswer(answer)
  expect(errorCode).toBe(0)
  expect([...partitions.keys()]).toEqual(['shop.orders.bulk', 'shop.ordérs.critical'])
  for (const parts of partitions.values()) {
    expect(parts).toEqual(
      [0, 300].map((partitionIndex) => ({
        batches: expect.any(Buffer),
        partitionIndex,
        errorCode: partitionIndex === 0 ? 0 : 6,
        highWatermark: 2 ** 40 + 5,
        lastStableOffset: 2 ** 40,
        abortedTransactions: [9, 10].map((id) => ({ producerId: BigInt(id), firstOffset: id * 2 })),
        preferredReadReplica: -1,
      })),
    )
    for (const { batches: each } of parts) expect(recordsOf(each, reading).records).toHaveLength(3)
  }
  expect(() => readAnswer(answer.subarray(0, answer.length - 40))).toThrow(RangeError)
})

/**
 * The request that appends is the same, byte for byte, as the one the client makes of the same records.
 * @module
 */
import * as client from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AppendRecord } from '../../../src/transport/index.ts'
import { encode, type ProduceBatch } from '../../../src/transport/kafka/produce-request.ts'
import { recordBytes } from '../../../src/transport/kafka/record-codec.ts'
import { messageOf } from '../../support/kafka-message.ts'

const crc = (bytes: Uint8Array): number => client.crc32c(Buffer.from(bytes))

/** As the client encodes them. Its batches name leader epoch 0 unless told. */
function byClient(batches: readonly ProduceBatch[], timeoutMs: number, transactionalId?: string): Buffer {
  const messages = batches.flatMap(({ records }) => records.map((record) => messageOf(record)))
  const sequences = new client.NumericMap(
    batches.map(({ topic, partition, head }) => [`${topic}:${partition}`, head.sequence]),
  )
  const { producerId, epoch } = batches[0]!.head
  const options = { producerId, producerEpoch: epoch, sequences, partitionLeaderEpoch: -1, transactionalId }
  return client.produceV9.createRequest(-1, timeoutMs, messages, options).buffer
}

function batchOf(
  topic: string,
  partition: number,
  records: readonly Omit<AppendRecord, 'topic' | 'partition'>[],
  sequence = 0,
  isTransactional = false,
): ProduceBatch {
  const placed = records.map((record) => ({ ...record, topic, partition }))
  const bytes = placed.reduce((sum, record) => sum + recordBytes(record), 0)
  const head = { producerId: 4711n, epoch: 3, sequence, isTransactional }
  return { topic, partition, records: placed, bytes, head }
}

const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 70 }),
  fc.constantFrom('', 'ce_type', 'x'.repeat(63), 'x'.repeat(64), 'é'.repeat(40)),
)
const blob = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(56, 57, 8100, 8185, 8190, 20_000).map((length) => new Uint8Array(length).fill(7)),
)
const record = fc.record({
  key: fc.option(blob, { nil: null }),
  value: fc.option(blob, { nil: null }),
  headers: fc.array(fc.tuple(text, fc.oneof(text, blob)), { maxLength: 10 }),
  // The client writes times that are more than 24 days apart wrongly.
  timestamp: fc.integer({ min: 1_790_000_000_000, max: 1_790_000_000_000 + 2 ** 30 - 1 }),
})

test('any records give the bytes that the client gives', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(record, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      fc.boolean(),
      (partitions, sequence, isTransactional) => {
        // Two topics, and a name that is no ASCII.
        const batches = partitions.map((records, nth) =>
          batchOf(nth < 2 ? 'shop.orders.bulk' : 'größe', nth, records, sequence, isTransactional),
        )
        const transactionalId = isTransactional ? 'shop.billing' : undefined
        const bytes = encode(batches, { timeoutMs: 15_000, transactionalId }, crc)
        expect(bytes.equals(byClient(batches, 15_000, transactionalId))).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})

test('lengths whose bytes are more or fewer than guessed', () => {
  for (const length of [0, 20, 56, 63, 64, 127, 8188, 8192, 16_000, 2_097_000, 2_098_000]) {
    const value = new Uint8Array(length).fill(length % 251)
    const headers: AppendRecord['headers'] = Array.from({ length: 3 }, (_, nth) => [`h${nth}`, 'v'])
    const batches = [batchOf('t', 0, [{ key: null, value, headers, timestamp: 5 }])]
    expect(encode(batches, { timeoutMs: 1 }, crc).equals(byClient(batches, 1)), `value of ${length} bytes`).toBe(true)
  }
})

test('times far apart are read as they were given', () => {
  const timestamps = [
    1_790_000_000_000, 0, 8_640_000_000_000_000, 1_790_000_000_001, 1_785_000_000_000, 1_795_000_000_000,
  ]
  const records = timestamps.map((timestamp) => ({ key: null, value: null, headers: [], timestamp }))
  const bytes = encode([batchOf('t', 7, records, 99)], { timeoutMs: 1 }, crc)
  // Transactional id, acks, time-out, one topic "t", one partition 7, and the length of its records in one byte.
  const reader = client.Reader.from(bytes.subarray(1 + 2 + 4 + 1 + 2 + 1 + 4 + 1))
  const batch = client.readRecordsBatch(reader)
  expect(batch).toMatchObject({ firstTimestamp: 1_790_000_000_000n, maxTimestamp: 8_640_000_000_000_000n })
  const read = batch.records.map(({ timestampDelta }) => Number(batch.firstTimestamp + timestampDelta))
  expect(read).toEqual(timestamps)
})

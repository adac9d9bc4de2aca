/**
 * Dead records keep the original byte for byte, whatever it carries.
 * @module
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { deadHeaders, letterOverheadBytes, letterRecord } from '../../src/deadletter/index.ts'
import { originalRecord, readLetter, recordBytes, type KeptLetter } from '../../src/deadletter/letter-record.ts'
import type { LogRecord } from '../../src/transport/index.ts'
import { eventRecord, headersOf, letter, stored, subscription } from './letters.ts'

const sub = subscription()

function kept(record: LogRecord): KeptLetter {
  const read = readLetter(record)
  if (typeof read === 'string') throw new Error(read)
  return read
}

const bytes = fc.uint8Array({ maxLength: 40 })
const name = fc.oneof(fc.constantFrom(...Object.values(deadHeaders), 'ce_id'), fc.string({ maxLength: 10 }))
const record: fc.Arbitrary<LogRecord> = fc.record({
  offset: fc.nat(),
  timestamp: fc.nat(),
  key: fc.option(bytes),
  value: fc.option(bytes),
  bytes: fc.nat(),
  headers: fc.array(fc.tuple(name, bytes), { maxLength: 8 }).map(headersOf),
})

test('gives back key, value and all headers in order, also forged and repeated ones', () => {
  fc.assert(
    fc.property(record, fc.integer({ min: 0, max: 2 }), (original, times) => {
      let current = original
      // A dead record that is itself kept again.
      for (let i = 0; i <= times; i++) {
        const origin = { topic: 't', partition: 3, offset: current.offset }
        const again = stored(letterRecord(sub, letter(1, { record: current, origin })), 77)
        const back = originalRecord(kept(again))
        expect({ ...back, headers: [...back.headers] }).toEqual({
          ...current,
          bytes: back.bytes,
          key: current.key && new Uint8Array(current.key),
          value: current.value && new Uint8Array(current.value),
          headers: [...current.headers].map(([name, value]) => [name, new Uint8Array(value)]),
        })
        const { timestamp, key, value, headers, bytes } = again
        current = { offset: 77, timestamp, key, value, headers, bytes }
      }
    }),
  )
})

test('says everything about the letter in headers', () => {
  const one = letter(4, { lane: 'bulk', attempts: 3 })
  expect(kept(stored(letterRecord(sub, one), 9))).toMatchObject({
    kind: 'dead',
    reason: 'attempts-exhausted',
    attempts: 3,
    firstAttemptAt: 4000,
    lastAttemptAt: 4500,
    deadAt: 4600,
    origin: one.origin,
    originalTimestamp: one.record.timestamp,
    lane: 'bulk',
    stream: 'orders',
    policy: 'park-key',
    deadOffset: 9,
    storyJson: expect.stringContaining('no luck with 4'),
  })
  const record = letterRecord(sub, one)
  expect(record).toMatchObject({ topic: sub.deadTopic, partition: 0, timestamp: one.deadAt })
  expect(Object.fromEntries(record.headers)[deadHeaders.firstAttemptAt]).toBe('1970-01-01T00:00:04.000Z')
})

test('shortens the story, never the event, to fit the log', () => {
  const error = new Error('e'.repeat(2000), { cause: new Error('c'.repeat(2000)) })
  const value = new Uint8Array(10_000).fill(1)
  const one = letter(1, { error, record: { ...eventRecord(1), value } })
  const whole = letterRecord(sub, one)
  const size = (record: typeof whole): number => recordBytes(record.key, record.value, record.headers)
  const limits = [size(whole) - 1, size(whole) - 3000, size(whole) - 6000]
  for (const limit of limits) {
    const record = letterRecord(sub, one, limit)
    expect(size(record)).toBeLessThanOrEqual(limit)
    expect(record.value).toBe(value)
    expect(kept(stored(record, 0)).storyJson).toContain('eee')
  }
})

test('adds no more than it says', () => {
  const longest = { topic: 't'.repeat(249), partition: 99_999, offset: Number.MAX_SAFE_INTEGER }
  const one = letter(1, { origin: longest, lane: 'l'.repeat(200), stream: 's'.repeat(200), error: 'x'.repeat(9000) })
  const { key, value, headers } = one.record
  const added = letterRecord({ ...sub, name: 'n'.repeat(200) }, one, 0)
  const size = recordBytes(added.key, added.value, added.headers) - recordBytes(key, value, [...headers])
  expect(size).toBeLessThanOrEqual(letterOverheadBytes)
})

test('keeps a letter even when a clock gave nonsense', () => {
  const one = letter(1, { firstAttemptAt: NaN, deadAt: 1e300 })
  expect(kept(stored(letterRecord(sub, one), 0))).toMatchObject({ firstAttemptAt: 0, deadAt: 0 })
})

test.each([
  ['no headers at all', []],
  ['a count of letters that is none', [[deadHeaders.count, 'many']]],
  ['a count above what is there', [[deadHeaders.count, '9']]],
  ['a count of nothing', [[deadHeaders.count, '0']]],
  ['only the count', [[deadHeaders.count, '1']]],
  ['headers after the count', [...letterRecord(sub, letter(1)).headers, ['more', '1']]],
  ['a kind it does not know', swapped(deadHeaders.kind, 'alive')],
  ['a reason it does not know', swapped(deadHeaders.reason, 'bad mood')],
  ['a time that is none', swapped(deadHeaders.at, 'yesterday')],
  ['no topic', swapped(deadHeaders.topic, '')],
] as [string, [string, string | Uint8Array][]][])('is not fooled by a record with %s', (_, headers) => {
  const record: LogRecord = { offset: 0, timestamp: 0, key: null, value: null, headers: headersOf(headers), bytes: 0 }
  expect(readLetter(record)).toEqual(expect.any(String))
})

function swapped(name: string, value: string): (readonly [string, string | Uint8Array])[] {
  return letterRecord(sub, letter(1)).headers.map((pair) => (pair[0] === name ? [name, value] : pair))
}

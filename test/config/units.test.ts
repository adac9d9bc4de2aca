/** Durations and sizes. @module */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationText, parseDuration, parseSize, sizeText } from '../../src/config/index.ts'

test.each([
  ['200ms', 200], ['30s', 30_000], ['1.5s', 1500], ['5m', 300_000], ['12h', 43_200_000], ['7d', 604_800_000], [250, 250], [0, 0],
])('%j is %d ms', (value, ms) => expect(parseDuration(value)).toBe(ms)) // prettier-ignore

test.each([
  '30x',
  '30',
  's',
  '',
  ' 30s',
  '30 s',
  '-5s',
  '1e3s',
  '30S',
  '0x10s',
  '1.s',
  Number.NaN,
  Infinity,
  -1,
  null,
  undefined,
  {},
  [],
  true,
  5n,
  '1constructor',
  '9'.repeat(400) + 's',
])('case %#: not a duration', (value) => expect(parseDuration(value)).toBeUndefined())

test.each([
  ['512B', 512], ['64KiB', 65_536], ['1MiB', 1_048_576], ['2GiB', 2_147_483_648], ['64KB', 64_000], ['1MB', 1_000_000], [7, 7],
])('%j is %d bytes', (value, bytes) => expect(parseSize(value)).toBe(bytes)) // prettier-ignore

test.each(['1mib', '1 MiB', '1M', '1Mib', -1, Number.NaN, [1]])('%j is not a size', (value) => {
  expect(parseSize(value)).toBeUndefined()
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (value) => {
      expect(parseDuration(durationText(value))).toBe(value)
      expect(parseSize(sizeText(value))).toBe(value)
    }),
  )
})

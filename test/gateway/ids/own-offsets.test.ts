/** Runs of own offsets against a plain set. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OwnOffsets } from '../../../src/gateway/ids/own-offsets.ts'

test('past every own offset, and past no other, in whatever order it is stored and read', () => {
  const step = fc.record({ gap: fc.constantFrom(0, 0, 0, 1, 3), stored: fc.nat(4), read: fc.nat(8) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const own = new OwnOffsets()
      const plain = new Set<number>()
      let end = 0
      let read = 0
      for (const { gap, stored, read: further } of steps) {
        end += gap
        for (let nth = 0; nth < stored; nth++, end++) {
          // Told early and at the end.
          own.add(end)
          own.add(end)
          plain.add(end)
        }
        for (let nth = 0; nth < further && read < end; nth++) {
          let past = read
          while (plain.has(past)) past++
          expect(own.endOfRun(read)).toBe(past)
          expect(own.count).toBe([...plain].filter((offset) => offset >= read).length)
          read = Math.max(past, read + 1)
        }
      }
    }),
  )
})

test('of many runs that nobody reads, the first are kept', () => {
  const own = new OwnOffsets()
  for (let nth = 0; nth < 5_000; nth++) own.add(nth * 2)
  expect(own.count).toBe(1_000)
  expect([own.endOfRun(1_998), own.endOfRun(2_000)]).toEqual([1_999, 2_000])
})

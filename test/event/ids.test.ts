/** Event ids: unique, ordered, whatever the clock does. @module */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventIds, newEventId } from '../../src/event/index.ts'
import { VirtualClock } from '../../src/testing/clock.ts'

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('newEventId', () => {
  test('is a UUID version 7 that carries the time of the clock', () => {
    const startAt = Date.UTC(2026, 5, 1, 12, 0, 0, 123)
    const id = newEventId(new VirtualClock({ startAt }))
    expect(id).toMatch(uuidV7)
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(startAt)
  })

  test('increases strictly within one millisecond, past the end of its counter', () => {
    const ids = new EventIds(new VirtualClock())
    const made = Array.from({ length: 20_000 }, () => ids.next())
    for (let index = 1; index < made.length; index++) {
      if (!(made[index - 1]! < made[index]!)) throw new Error(`${made[index - 1]} then ${made[index]}`)
    }
    expect(made.every((id) => uuidV7.test(id))).toBe(true)
  })

  test('stays unique and increasing while the clock jumps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -100_000_000, max: 100_000_000 }), { maxLength: 200 }), (jumps) => {
        const clock = new VirtualClock()
        const ids = new EventIds(clock)
        let last = ''
        for (const jump of jumps) {
          clock.shiftWallClock(jump)
          for (let count = 0; count < 3; count++) {
            const id = ids.next()
            expect(id > last).toBe(true)
            last = id
          }
        }
      }),
    )
  })

  test('survives a clock that gives nonsense', () => {
    for (const now of [Number.NaN, -5, Infinity, -Infinity, 2 ** 60]) {
      const ids = new EventIds({ ...new VirtualClock(), now: () => now } as never)
      const [first, second] = [ids.next(), ids.next()]
      expect(first).toMatch(uuidV7)
      expect(second > first).toBe(true)
    }
  })

  test('differs between clocks that show the same time', () => {
    expect(newEventId(new VirtualClock())).not.toBe(newEventId(new VirtualClock()))
  })
})

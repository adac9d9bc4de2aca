/** The clock of `testApp`: real time that can be moved on. @module */
import { expect, it } from 'vitest'
import { systemClock, sleep } from '../../src/clock.ts'
import { TestClock } from '../../src/testing/index.ts'

const hour = 3_600_000

it('fires at once, and in order of their times, what has become due', () => {
  const clock = new TestClock()
  const fired: string[] = []
  clock.setTimer(3 * hour, () => fired.push('third'))
  clock.setTimer(2 * hour, () => fired.push('second'))
  clock.setTimer(hour, () => fired.push('first'))
  const cancelled = clock.setTimer(hour, () => fired.push('cancelled'))
  cancelled.cancel()
  const before = clock.monotonic()
  clock.advance(2 * hour)
  expect(fired).toEqual(['first', 'second'])
  expect(clock.monotonic() - before).toBeGreaterThanOrEqual(2 * hour)
  clock.advance(hour)
  expect(fired).toEqual(['first', 'second', 'third'])
  clock.advance(10 * hour)
  expect(fired).toHaveLength(3)
})

it('does not fire what an earlier timer cancels, and counts what one sets from then on', () => {
  const clock = new TestClock()
  const fired: string[] = []
  clock.setTimer(1_000, () => {
    fired.push('first')
    second.cancel()
    clock.setTimer(hour, () => fired.push('set later'))
  })
  const second = clock.setTimer(2_000, () => fired.push('second'))
  clock.advance(hour)
  expect(fired).toEqual(['first'])
  clock.advance(hour)
  expect(fired).toEqual(['first', 'set later'])
})

it('lets time pass by itself as well, less what it was moved on', async () => {
  const clock = new TestClock()
  const woken = sleep(clock, hour)
  clock.advance(hour - 5)
  await woken
  expect(Math.abs(clock.now() - systemClock.now() - hour)).toBeLessThan(5_000)
})

it('sets the wall clock, also back, without touching durations', () => {
  const clock = new TestClock()
  let fired = false
  const timer = clock.setTimer(hour, () => (fired = true))
  const before = clock.monotonic()
  clock.shiftWallClock(-24 * hour)
  expect(clock.now()).toBeLessThan(systemClock.now() - 23 * hour)
  clock.shiftWallClock(100 * hour)
  expect(clock.monotonic() - before).toBeLessThan(60_000)
  expect(fired).toBe(false)
  timer.cancel()
})

it.each([-1, Number.NaN, Infinity])('cannot be advanced by %d', (ms) => {
  expect(() => new TestClock().advance(ms)).toThrow(RangeError)
})

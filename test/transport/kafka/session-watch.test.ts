/**
 * The end of a member's session, on a clock in the hand.
 * @module
 */
import { expect, test } from 'vitest'
import { VirtualClock } from '../../../src/testing/clock.ts'
import { SessionEnd } from '../../../src/transport/kafka/session-end.ts'
import { heartbeatTimeoutMs, SessionWatch } from '../../../src/transport/kafka/thread/session-watch.ts'

test('ends a session once, a time-out after what was heard last was sent, and not after it was stopped', async () => {
  const clock = new VirtualClock()
  const ended: number[] = []
  const watch = new SessionWatch(clock, () => ended.push(clock.monotonic()))
  const start = clock.monotonic()
  await clock.advance(50_000)
  expect(ended).toEqual([])
  watch.heard(clock.monotonic(), 1_000)
  await clock.advance(900)
  watch.heard(clock.monotonic() - 200, 1_000)
  // An answer that came late says less than what is known.
  watch.heard(clock.monotonic() - 600, 1_000)
  await clock.advance(5_000)
  expect(ended).toEqual([start + 51_700])
  watch.heard(clock.monotonic(), 1_000)
  watch.stop()
  await clock.advance(5_000)
  expect(ended).toHaveLength(1)
})

test('the main thread reads the end of the session without being told', async () => {
  const clock = new VirtualClock()
  const end = new SessionEnd()
  const seen = new SessionEnd(end.memory)
  const watch = new SessionWatch(clock, () => {}, end)
  expect(seen.leftMs).toBe(0)
  watch.heard(clock.monotonic() - 20_000, 60_000)
  expect(seen.leftMs).toBeGreaterThan(0)
  expect(seen.leftMs).toBeLessThanOrEqual(40_000)
  watch.stop()
  expect(seen.leftMs).toBe(0)
  watch.heard(clock.monotonic() - 20_000, 10_000)
  expect(seen.leftMs).toBeLessThanOrEqual(-10_000)
  watch.heard(clock.monotonic(), 60_000)
  await clock.advance(60_000)
  expect(seen.leftMs).toBe(0)
})

test('some heartbeats can fail before a session ends', () => {
  expect([2_000, 10_000, 45_000].map(heartbeatTimeoutMs)).toEqual([1_000, 2_000, 9_000])
})

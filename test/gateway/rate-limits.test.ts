/** Never more than a bucket holds and what flows in; each publisher and lane for itself; who is refused is told when to come again. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayOptionInvalid } from '../../src/gateway/index.ts'
import { RateLimiter } from '../../src/gateway/rate-limits.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { binary, problemIn, running, structured } from './running.ts'

/** A clock that is set. */
function handClock(): { clock: VirtualClock; set: (ms: number) => void; at: () => number } {
  let nowMs = 0
  const clock = new VirtualClock()
  clock.monotonic = () => nowMs
  return { clock, set: (ms) => (nowMs = ms), at: () => nowMs }
}

const arrivals = fc.array(
  fc.record({
    // Many at one moment, some apart.
    afterMs: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.double({ min: 0, max: 3_000, noNaN: true }) },
    ),
    publisher: fc.nat({ max: 4 }),
  }),
  { minLength: 1, maxLength: 200 },
)

test('never more than burst + rate × time in any span, for anybody, also where buckets are shared or made anew', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.2, max: 50, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 6 }),
      arrivals,
      (eventsPerSecond, burst, maxBuckets, all) => {
        const { clock, set, at } = handClock()
        const limiter = new RateLimiter({ bulk: { eventsPerSecond, burst } }, clock, maxBuckets)
        const taken = new Map<number, number[]>()
        for (const { afterMs, publisher } of all) {
          set(at() + afterMs)
          if (limiter.take(String(publisher), 'bulk') > 0) continue
          const times = taken.get(publisher) ?? []
          taken.set(publisher, [...times, at()])
        }
        expect(limiter.size).toBeLessThanOrEqual(maxBuckets)
        for (const times of taken.values()) {
          for (const [first, fromMs] of times.entries()) {
            for (let last = first; last < times.length; last++) {
              const allowed = burst + (eventsPerSecond * (times[last]! - fromMs)) / 1_000
              expect(last - first + 1).toBeLessThanOrEqual(allowed + 1e-3)
            }
          }
        }
      },
    ),
  )
})

test('it refuses nobody without need: what is refused is taken as soon as it was said, and not much earlier', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.2, max: 50, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      (eventsPerSecond, burst) => {
        const { clock, set, at } = handClock()
        const limiter = new RateLimiter({ bulk: { eventsPerSecond, burst } }, clock)
        for (let nth = 0; nth < burst; nth++) expect(limiter.take('a', 'bulk')).toBe(0)
        for (let round = 0; round < 5; round++) {
          const waitMs = limiter.take('a', 'bulk')
          expect(waitMs).toBeGreaterThan(0)
          expect(waitMs).toBeLessThanOrEqual(1_000 / eventsPerSecond + 1e-6)
          set(at() + waitMs * 0.99)
          expect(limiter.take('a', 'bulk')).toBeGreaterThan(0)
          set(at() + waitMs * 0.01)
          expect(limiter.take('a', 'bulk')).toBe(0)
        }
      },
    ),
  )
})

test('publishers and lanes have buckets of their own; a lane that is not named has no limit', () => {
  const { clock } = handClock()
  const limiter = new RateLimiter({ bulk: { eventsPerSecond: 1 }, slow: { eventsPerSecond: 0.5 } }, clock)
  expect(['a', 'b', 'a'].map((publisher) => limiter.take(publisher, 'bulk'))).toEqual([0, 0, 1_000])
  expect([limiter.take('a', 'slow'), limiter.take('a', 'slow')]).toEqual([0, 2_000])
  for (let nth = 0; nth < 1_000; nth++) expect(limiter.take('a', 'critical')).toBe(0)
  expect(limiter.take('a', undefined)).toBe(0)
})

test('buckets that are full again make room; those that are not do not, and newcomers share one', () => {
  const { clock, set } = handClock()
  const limiter = new RateLimiter({ bulk: { eventsPerSecond: 1, burst: 1 } }, clock, 2)
  expect(['a', 'b', 'c', 'd'].map((publisher) => limiter.take(publisher, 'bulk'))).toEqual([0, 0, 0, 1_000])
  expect(limiter.size).toBe(2)
  set(1_000)
  expect(['c', 'd', 'a'].map((publisher) => limiter.take(publisher, 'bulk'))).toEqual([0, 0, 0])
  expect(limiter.size).toBe(2)
})

test('who shared a bucket does not find a full one of his own a moment later', () => {
  const { clock, set } = handClock()
  const limiter = new RateLimiter({ bulk: { eventsPerSecond: 1, burst: 3 } }, clock, 1)
  const take = (publisher: string): number => limiter.take(publisher, 'bulk')
  expect([take('a'), take('b'), take('b'), take('b'), take('b')]).toEqual([0, 0, 0, 0, 1_000])
  set(1_000)
  expect([take('b'), take('b')]).toEqual([0, 1_000])
})

const bulk = { 'ce-type': 'order.exported' }

test('over HTTP: 429 with Retry-After for that lane only, each event of a batch for itself', async () => {
  const clock = new VirtualClock()
  const { post } = await running({ clock, rateLimits: { bulk: { eventsPerSecond: 0.25, burst: 2 } } })
  const send = (id: string, more = bulk): Promise<Response> => post('/events', binary(id, more), '{"orderId":"o"}')
  expect((await send('a')).status).toBe(202)
  const events = ['b', 'c', 'd'].map((id) => structured(id, { type: id === 'd' ? 'order.placed' : 'order.exported' }))
  const batch = await post('/events', { 'content-type': 'application/cloudevents-batch+json' }, JSON.stringify(events))
  expect([batch.status, batch.headers.get('retry-after')]).toEqual([207, '4'])
  const limited = { status: 429, type: 'urn:veltrix:problem:rate-limited', retryAfterSeconds: 4 }
  const results = [{ status: 202 }, { status: 429, problem: limited }, { status: 202 }]
  expect(await batch.json()).toMatchObject({ accepted: 2, refused: 1, results })
  const alone = await send('c')
  expect([alone.status, alone.headers.get('retry-after')]).toEqual([429, '4'])
  expect(await problemIn(alone)).toMatchObject(limited)
  expect((await send('e', { 'ce-type': 'order.placed' })).status).toBe(202)
  await clock.advance(4_000)
  expect((await send('c')).status).toBe(202)
})

test.each([
  [{ nobody: { eventsPerSecond: 1 } }, 'rateLimits.nobody'],
  [{ bulk: { eventsPerSecond: 0 } }, 'rateLimits.bulk.eventsPerSecond'],
  [{ bulk: { eventsPerSecond: Number.NaN } }, 'rateLimits.bulk.eventsPerSecond'],
  [{ bulk: { eventsPerSecond: 1, burst: 0.5 } }, 'rateLimits.bulk.burst'],
])('limits that make no sense are refused at the start: %j', async (rateLimits, option) => {
  const refused = running({ rateLimits })
  await expect(refused).rejects.toThrow(GatewayOptionInvalid)
  await expect(refused).rejects.toMatchObject({ option })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketSeconds, Durations } from '../../src/canary/durations.ts'

const durations = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 300 })

function of(all: readonly number[]): Durations {
  const made = new Durations()
  for (const ms of all) made.add(ms)
  return made
}

test('quantiles are at most 5 % above the true ones, never below, and the largest is exact', () => {
  fc.assert(
    fc.property(durations, (all) => {
      const sorted = all.toSorted((a, b) => a - b)
      const { p50, p99, max, count } = of(all).summary!
      expect([count, max]).toEqual([all.length, sorted.at(-1)])
      for (const [part, told] of [
        [0.5, p50],
        [0.99, p99],
      ] as const) {
        const exact = sorted[Math.max(1, Math.ceil(part * all.length)) - 1]!
        expect(told).toBeGreaterThanOrEqual(exact * (1 - 1e-9))
        expect(told).toBeLessThanOrEqual(Math.max(0.05, exact * 1.05 * (1 + 1e-9)))
      }
    }),
  )
})

test('buckets count what is within each bound; merging two is as counting all in one', () => {
  fc.assert(
    fc.property(durations, durations, (one, other) => {
      const all = [...one, ...other]
      const merged = Durations.merged([of(one), of(other)])
      expect(merged.cumulative).toEqual(bucketSeconds.map((bound) => all.filter((ms) => ms <= bound * 1000).length))
      expect(merged.summary).toEqual(of(all).summary)
      expect(merged.sumMs).toBeCloseTo(
        all.reduce((sum, ms) => sum + ms, 0),
        3,
      )
    }),
  )
})

test('nothing has no quantiles', () => {
  expect(new Durations().summary).toBeUndefined()
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Histogram } from '../../../src/telemetry/live/histogram.ts'
import { Rate, RollingLatency } from '../../../src/telemetry/live/rolling.ts'

const times = fc.array(fc.double({ min: 0, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 300 })

test('a quantile is within 1.6 % (and a microsecond) of the exact one', () => {
  fc.assert(
    fc.property(times, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
      const histogram = new Histogram()
      for (const value of values) histogram.record(value)
      const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1]!
      expect(Math.abs(histogram.quantile(share)! - exact)).toBeLessThanOrEqual(exact / 63 + 0.002)
    }),
  )
})

test('adding two is the same as recording both; clearing forgets', () => {
  fc.assert(
    fc.property(times, times, (some, others) => {
      const [a, b, both] = [new Histogram(), new Histogram(), new Histogram()]
      for (const value of some) [a, both].forEach((histogram) => histogram.record(value))
      for (const value of others) [b, both].forEach((histogram) => histogram.record(value))
      a.add(b)
      for (const share of [0.5, 0.99, 1]) expect(a.quantile(share)).toBe(both.quantile(share))
      expect([a.count, a.maxMs]).toEqual([both.count, both.maxMs])
      a.clear()
      expect([a.count, a.quantile(0.5)]).toEqual([0, undefined])
    }),
  )
})

test('values out of range do not break it', () => {
  const histogram = new Histogram()
  for (const value of [-5, 0, 1e15, Number.NaN]) histogram.record(value)
  expect(histogram.count).toBe(4)
  expect(histogram.quantile(0.5)).toBe(0)
})

test('a rate forgets what is older than its window', () => {
  const rate = new Rate(0, 3)
  for (let second = 0; second < 10; second++) rate.add(50, second * 1000)
  expect(rate.perSecond(9999)).toBeCloseTo(50, 0)
  expect(rate.perSecond(60_000)).toBe(0)
  expect(rate.total).toBe(500)
})

test('a rolling latency keeps the last seconds, and the whole', () => {
  const latency = new RollingLatency(0, 10)
  latency.record(500, 0)
  latency.record(5, 5000)
  expect(latency.recent(5000).quantile(1)).toBeCloseTo(500, 0)
  expect(latency.recent(12_000).quantile(1)).toBeCloseTo(5, 1)
  expect(latency.lastSecond(6000).count).toBe(0)
  expect(latency.whole.count).toBe(2)
})

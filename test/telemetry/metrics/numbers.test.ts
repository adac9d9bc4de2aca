import { expect, test } from 'vitest'
import fc from 'fast-check'
import { UsageInvalid } from '../../../src/cli/errors.ts'
import { ErrorNames } from '../../../src/telemetry/metrics/error-names.ts'
import { Distribution, exponentialScale, prometheusText, Registry } from '../../../src/telemetry/metrics/index.ts'
import { RunningTotal } from '../../../src/telemetry/metrics/running-total.ts'
import { Value } from '../../../src/telemetry/metrics/series.ts'
import { exponentialOf, since } from '../../../src/otel/distributions.ts'

test('errors are told by code, name or class; there are never more of them than the limit', () => {
  const names = new ErrorNames(3)
  expect(names.of(new UsageInvalid('x'))).toBe('VLX_USAGE')
  expect(names.of(new TypeError('x'))).toBe('TypeError')
  expect(names.of(Object.assign(new Error('x'), { name: 'order 4711 failed' }))).toBe('_OTHER')
  expect(names.of('text')).toBe('_OTHER')
  // The third name that is kept, counting the two above.
  const seen = new Set<string>()
  for (let n = 0; n < 1000; n++) seen.add(names.of(Object.assign(new Error('x'), { name: `Order${n}Failed` })))
  expect(seen).toEqual(new Set(['Order0Failed', '_OTHER']))
  // What is known stays known.
  expect(names.of(new TypeError('y'))).toBe('TypeError')
})

test('a value lies in the bucket whose bounds hold it, in both forms', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (value) => {
      const series = new Distribution([0.005, 0.1, 1, 10, 1000])
      series.record(value)
      const bucket = series.counts.indexOf(1)
      expect(value).toBeLessThanOrEqual(series.bounds[bucket] ?? Infinity)
      expect(value).toBeGreaterThan(series.bounds[bucket - 1] ?? 0)
      const { scale, positive } = exponentialOf(since(series, undefined))
      expect(positive.bucketCounts).toEqual([1])
      const base = 2 ** (2 ** -scale)
      // Rounding of the bounds themselves.
      expect(value).toBeLessThanOrEqual(base ** (positive.offset + 1) * (1 + 1e-9))
      expect(value * (1 + 1e-9)).toBeGreaterThan(base ** positive.offset)
    }),
  )
})

test('an exponential histogram has at most 160 buckets, loses nothing, and still holds its values', () => {
  const series = new Distribution([1])
  const values = Array.from({ length: 2000 }, (_, n) => 1e-6 * 1.02 ** n).filter((value) => value < 1e9)
  for (const value of [0, ...values]) series.record(value)
  const { scale, positive, zeroCount, count } = exponentialOf(since(series, undefined))
  expect(positive.bucketCounts.length).toBeLessThanOrEqual(160)
  expect(scale).toBeLessThan(exponentialScale)
  expect(zeroCount).toBe(1)
  expect(positive.bucketCounts.reduce((sum, bucket) => sum + bucket, 0)).toBe(values.length)
  expect(count).toBe(values.length + 1)
  const base = 2 ** (2 ** -scale)
  const upTo = positive.bucketCounts.slice(0, 40).reduce((sum, bucket) => sum + bucket, 0)
  const bound = base ** (positive.offset + 40)
  expect(upTo).toBe(values.filter((value) => value <= bound).length)
})

test('what was counted since the last time', () => {
  const series = new Distribution([1, 10])
  series.record(5)
  const before = since(series, undefined)
  series.record(0.5)
  series.record(50)
  const { counts, count, sum, min } = since(series, before)
  expect({ counts: [...counts], count, sum, min }).toEqual({ counts: [1, 0, 1], count: 2, sum: 50.5, min: undefined })
})

test('a total that begins anew goes on', () => {
  const counter = new Value()
  const total = new RunningTotal(counter)
  for (const reached of [3, 10, 10, 2, 5]) total.reached(reached)
  expect(counter.value).toBe(15)
})

test('the page for Prometheus: buckets add up from below, texts are escaped', () => {
  const registry = new Registry()
  const batches = registry.series('batchSize', {})
  for (const size of [1, 3, 3, 100_000]) batches.record(size)
  registry.series('retries', { 'veltrix.lane': 'a "quoted" \\ lane\nof two lines' }).add(2)
  const page = prometheusText(registry.families(), { 'service.name': 'shop' })
  expect(page).toContain('veltrix_retries_total{veltrix_lane="a \\"quoted\\" \\\\ lane\\nof two lines"} 2\n')
  const lines = page.split('\n').filter((line) => line.startsWith('veltrix_publisher_batch_size'))
  expect(lines.slice(0, 4)).toEqual([
    'veltrix_publisher_batch_size_bucket{le="1"} 1',
    'veltrix_publisher_batch_size_bucket{le="2"} 1',
    'veltrix_publisher_batch_size_bucket{le="4"} 3',
    'veltrix_publisher_batch_size_bucket{le="8"} 3',
  ])
  expect(lines.slice(-4)).toEqual([
    'veltrix_publisher_batch_size_bucket{le="8192"} 3',
    'veltrix_publisher_batch_size_bucket{le="+Inf"} 4',
    'veltrix_publisher_batch_size_sum 100007',
    'veltrix_publisher_batch_size_count 4',
  ])
})

/**
 * Distributions as they are exported: copies, differences, and exponential histograms of bounded size. Pure.
 * @module
 */
import type { ExponentialHistogram } from '@opentelemetry/sdk-metrics'
import { Distribution, exponentialScale } from '../telemetry/metrics/index.ts'

/** A distribution at rest. */
export interface Counted {
  readonly bounds: readonly number[]
  readonly counts: Float64Array
  readonly exponential: Float64Array
  readonly zeros: number
  readonly count: number
  readonly sum: number
  /** Not known of a part of what was counted. */
  readonly min: number | undefined
  readonly max: number | undefined
}

/** What was counted since `before`; all of it without. */
export function since(series: Distribution, before: Counted | undefined): Counted {
  const isAll = before === undefined
  return {
    bounds: series.bounds,
    counts: isAll ? series.counts.slice() : series.counts.map((count, place) => count - before.counts[place]!),
    exponential: isAll
      ? series.exponential.slice()
      : series.exponential.map((count, place) => count - before.exponential[place]!),
    zeros: series.zeros - (before?.zeros ?? 0),
    count: series.count - (before?.count ?? 0),
    sum: series.sum - (before?.sum ?? 0),
    min: isAll ? series.min : undefined,
    max: isAll ? series.max : undefined,
  }
}

/** What the SDKs keep, and backends take. */
const mostBuckets = 160

/** Buckets are joined in pairs until there are at most 160 between the first and the last that is not empty. */
export function exponentialOf({ exponential, zeros, count, sum, min, max }: Counted): ExponentialHistogram {
  const first = exponential.findIndex((bucket) => bucket > 0)
  const last = exponential.findLastIndex((bucket) => bucket > 0)
  let scale = exponentialScale
  let offset = first < 0 ? 0 : Distribution.exponentialOffset + first
  let bucketCounts = first < 0 ? [] : [...exponential.subarray(first, last + 1)]
  while (bucketCounts.length > mostBuckets) {
    // A bucket of even index and the one above it are one bucket of half the index.
    const joined: number[] = []
    const firstJoined = Math.floor(offset / 2)
    for (const [place, bucket] of bucketCounts.entries()) {
      const at = Math.floor((offset + place) / 2) - firstJoined
      joined[at] = (joined[at] ?? 0) + bucket
    }
    ;[offset, bucketCounts, scale] = [firstJoined, joined, scale - 1]
  }
  const positive = { offset, bucketCounts }
  return { count, sum, scale, zeroCount: zeros, positive, negative: { offset: 0, bucketCounts: [] }, min, max }
}

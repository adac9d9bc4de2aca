/**
 * Numbers of one metric with one set of label values. They are written for every event, so they only add to fields and arrays.
 * @module
 */

/** A sum, or the last value of a gauge. */
export class Value {
  value = 0
  /** A gauge that nothing is known of any more is not shown. */
  isKnown = true

  add(more: number): void {
    this.value += more
  }

  set(value: number): void {
    this.value = value
    this.isKnown = true
  }

  forget(): void {
    this.isKnown = false
  }
}

/** Buckets between a number and its double: values are known to within 4.5 %. */
const perDoubling = 8
/** Of the finest buckets: a microsecond. */
const lowestIndex = -20 * perDoubling
const highestIndex = 32 * perDoubling

/** OpenTelemetry's scale: 2 to the power of it buckets between a number and its double. */
export const exponentialScale = 3

/** Values in buckets, in two ways at once: with given bounds, and exponential ones. */
export class Distribution {
  readonly bounds: readonly number[]
  /** One more than bounds. */
  readonly counts: Float64Array
  /** Of values in (2^(i/8), 2^((i+1)/8)], i beginning at `exponentialOffset`. */
  readonly exponential = new Float64Array(highestIndex - lowestIndex + 1)
  static readonly exponentialOffset = lowestIndex
  zeros = 0
  count = 0
  sum = 0
  min = Infinity
  max = -Infinity

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  /** @param value 0 or more */
  record(value: number): void {
    this.count++
    this.sum += value
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    this.counts[bucketOf(this.bounds, value)]!++
    if (value <= 0) this.zeros++
    else {
      const index = Math.ceil(Math.log2(value) * perDoubling) - 1
      this.exponential[Math.min(highestIndex, Math.max(lowestIndex, index)) - lowestIndex]!++
    }
  }
}

/** First bucket whose upper bound is not below `value`. */
function bucketOf(bounds: readonly number[], value: number): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (bounds[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

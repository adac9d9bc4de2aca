/**
 * Quantiles of measured times: exact up to 200,000 values, from an even sample of them above.
 * @module
 */
const most = 200_000

export class Latencies {
  readonly #values: number[] = []
  #count = 0

  add(ms: number): void {
    this.#count++
    if (this.#values.length < most) this.#values.push(ms)
    else {
      // Every value so far is equally likely to be among those kept.
      const place = Math.floor(Math.random() * this.#count)
      if (place < most) this.#values[place] = ms
    }
  }

  get count(): number {
    return this.#count
  }

  /** Milliseconds with two decimals; null when there is no value. */
  quantile(share: number): number | null {
    if (this.#values.length === 0) return null
    const sorted = Float64Array.from(this.#values).sort()
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
    return Math.round(value * 100) / 100
  }
}

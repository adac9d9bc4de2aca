/**
 * Many durations in little memory: counted in classes 5 % wide, for quantiles, and below fixed bounds, for histograms.
 * @module
 */

/** Upper bounds of a histogram's buckets, in seconds. */
export const bucketSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

const growth = 1.05
const logGrowth = Math.log(growth)
/** Shorter ones share a class. */
const leastMs = 0.05

export interface DurationSummary {
  readonly count: number
  /** Milliseconds, at most 5 % above the true one. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export class Durations {
  readonly #classes = new Map<number, number>()
  readonly #buckets: number[] = bucketSeconds.map(() => 0)
  #count = 0
  #sumMs = 0
  #maxMs = 0

  add(ms: number): void {
    const of = ms <= leastMs ? 0 : Math.ceil(Math.log(ms / leastMs) / logGrowth)
    this.#classes.set(of, (this.#classes.get(of) ?? 0) + 1)
    const bucket = bucketSeconds.findIndex((bound) => ms <= bound * 1000)
    if (bucket >= 0) this.#buckets[bucket]!++
    this.#count++
    this.#sumMs += ms
    this.#maxMs = Math.max(this.#maxMs, ms)
  }

  get count(): number {
    return this.#count
  }

  get sumMs(): number {
    return this.#sumMs
  }

  /** How many were within each of `bucketSeconds`: each counts those of the smaller ones too. */
  get cumulative(): readonly number[] {
    let total = 0
    return this.#buckets.map((count) => (total += count))
  }

  /** Undefined when there is none. */
  get summary(): DurationSummary | undefined {
    if (this.#count === 0) return undefined
    return { count: this.#count, p50: this.#quantile(0.5), p99: this.#quantile(0.99), max: this.#maxMs }
  }

  static merged(all: Iterable<Durations>): Durations {
    const merged = new Durations()
    for (const each of all) {
      for (const [of, count] of each.#classes) merged.#classes.set(of, (merged.#classes.get(of) ?? 0) + count)
      for (const [index, count] of each.#buckets.entries()) merged.#buckets[index]! += count
      merged.#count += each.#count
      merged.#sumMs += each.#sumMs
      merged.#maxMs = Math.max(merged.#maxMs, each.#maxMs)
    }
    return merged
  }

  #quantile(part: number): number {
    const rank = Math.max(1, Math.ceil(part * this.#count))
    let passed = 0
    for (const of of [...this.#classes.keys()].toSorted((a, b) => a - b)) {
      passed += this.#classes.get(of)!
      if (passed >= rank) return Math.min(this.#maxMs, leastMs * growth ** of)
    }
    return this.#maxMs
  }
}

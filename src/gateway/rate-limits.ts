/**
 * How many events a publisher may send in a while: a token bucket for each publisher and lane.
 * @module
 */
import type { Clock } from '../clock.ts'

export interface RateLimit {
  /** What flows in, and so what may be sent in the long run. Fractions are possible. */
  readonly eventsPerSecond: number
  /** What a full bucket holds: events that may come at once. Default what flows in within a second, at least 1. */
  readonly burst?: number
}

/** By lane. A lane that is not named has no limit. */
export type RateLimits = Readonly<Record<string, RateLimit>>

/** Buckets of one lane that are kept. */
const defaultMaxBuckets = 10_000
/** Between two looks for buckets that are full again, milliseconds. */
const sweepMs = 1_000

export class RateLimiter {
  readonly #clock: Clock
  readonly #lanes: ReadonlyMap<string, Buckets>

  constructor(limits: RateLimits, clock: Clock, maxBuckets = defaultMaxBuckets) {
    this.#clock = clock
    this.#lanes = new Map(Object.entries(limits).map(([lane, limit]) => [lane, new Buckets(limit, maxBuckets)]))
  }

  /** Takes a token for an event. 0: it may go on; otherwise milliseconds until there is one. */
  take(publisher: string, lane: string | undefined): number {
    const buckets = lane === undefined ? undefined : this.#lanes.get(lane)
    return buckets === undefined ? 0 : buckets.take(publisher, this.#clock.monotonic())
  }

  /** Buckets that are kept, of all lanes. */
  get size(): number {
    return [...this.#lanes.values()].reduce((sum, { size }) => sum + size, 0)
  }
}

/**
 * A bucket is one number: when it is full again. Each token taken puts that off by the time one takes to flow in, and there is none left
 * when it is as far away as a whole bucket takes (known as the generic cell rate algorithm).
 */
class Buckets {
  readonly #tokenMs: number
  readonly #bucketMs: number
  readonly #maxBuckets: number
  readonly #fullAtMs = new Map<string, number>()
  #sweptMs = -Infinity
  /** One for all who have none of their own, while there is no room for another. */
  #sharedFullAtMs = 0

  constructor({ eventsPerSecond, burst = Math.max(1, eventsPerSecond) }: RateLimit, maxBuckets: number) {
    this.#tokenMs = 1_000 / eventsPerSecond
    this.#bucketMs = burst * this.#tokenMs
    this.#maxBuckets = maxBuckets
  }

  get size(): number {
    return this.#fullAtMs.size
  }

  take(publisher: string, nowMs: number): number {
    const own = this.#fullAtMs.get(publisher)
    const isShared = own === undefined && !this.#hasRoom(nowMs)
    // Who had the shared one until now goes on where that stands.
    const fullAtMs = Math.max(nowMs, own ?? this.#sharedFullAtMs) + this.#tokenMs
    const missingMs = fullAtMs - nowMs - this.#bucketMs
    // Sums of fractions are a little off.
    if (missingMs > this.#tokenMs * 1e-6) return missingMs
    if (isShared) this.#sharedFullAtMs = fullAtMs
    else this.#fullAtMs.set(publisher, fullAtMs)
    return 0
  }

  /** A bucket that is full is as good as none. One that is not stays: who made many names would get a new bucket each time. */
  #hasRoom(nowMs: number): boolean {
    if (this.#fullAtMs.size < this.#maxBuckets) return true
    if (nowMs < this.#sweptMs + sweepMs) return false
    this.#sweptMs = nowMs
    for (const [publisher, fullAtMs] of this.#fullAtMs) if (fullAtMs <= nowMs) this.#fullAtMs.delete(publisher)
    return this.#fullAtMs.size < this.#maxBuckets
  }
}

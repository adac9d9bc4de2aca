/**
 * Numbers of the last seconds: slices of one second each, the oldest dropped.
 * @module
 */
import { Histogram } from './histogram.ts'

/** Events per second over the last seconds. */
export class Rate {
  readonly #slices: number[]
  readonly #startedAt: number
  #second: number
  total = 0

  constructor(now: number, seconds = 3) {
    this.#slices = Array.from({ length: seconds + 1 }, () => 0)
    this.#startedAt = now
    this.#second = Math.floor(now / 1000)
  }

  add(count: number, now: number): void {
    this.#advance(now)
    this.#slices[this.#second % this.#slices.length]! += count
    this.total += count
  }

  /** Average over the window, the part of the current second included. */
  perSecond(now: number): number {
    this.#advance(now)
    const inWindow = this.#slices.reduce((sum, slice) => sum + slice, 0)
    const windowMs = Math.min(now - this.#startedAt, (this.#slices.length - 1) * 1000 + (now % 1000))
    return inWindow / Math.max(0.25, windowMs / 1000)
  }

  #advance(now: number): void {
    const second = Math.floor(now / 1000)
    if (second <= this.#second) return
    const passed = Math.min(second - this.#second, this.#slices.length)
    for (let step = 1; step <= passed; step++) this.#slices[(second - passed + step) % this.#slices.length] = 0
    this.#second = second
  }
}

/** Quantiles of the last seconds, and of the whole run. */
export class RollingLatency {
  readonly whole = new Histogram()
  readonly #slices: Histogram[]
  readonly #window = new Histogram()
  #second: number

  constructor(now: number, seconds = 10) {
    this.#slices = Array.from({ length: seconds }, () => new Histogram())
    this.#second = Math.floor(now / 1000)
  }

  record(ms: number, now: number): void {
    this.#advance(now)
    this.#slices[this.#second % this.#slices.length]!.record(ms)
    this.whole.record(ms)
  }

  /** The window's values together; overwritten by the next call. */
  recent(now: number): Histogram {
    this.#advance(now)
    this.#window.clear()
    for (const slice of this.#slices) this.#window.add(slice)
    return this.#window
  }

  /** The last full second's values. */
  lastSecond(now: number): Histogram {
    this.#advance(now)
    return this.#slices[(this.#second - 1 + this.#slices.length) % this.#slices.length]!
  }

  #advance(now: number): void {
    const second = Math.floor(now / 1000)
    if (second <= this.#second) return
    const passed = Math.min(second - this.#second, this.#slices.length)
    for (let step = 1; step <= passed; step++) this.#slices[(second - passed + step) % this.#slices.length]!.clear()
    this.#second = second
  }
}

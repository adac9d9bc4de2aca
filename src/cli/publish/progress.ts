/**
 * How publishing goes, on stderr: one line redrawn on a terminal, nothing while it runs elsewhere.
 * @module
 */
import type { Clock } from '../../clock.ts'
import { bytes, clip, compact, count, plural } from '../format.ts'
import type { Screen } from '../shell.ts'

const everyMs = 200

export class Progress {
  readonly #screen: Screen
  readonly #clock: Clock
  readonly #totalBytes: number | undefined
  readonly #startedAt: number
  #shownAt = -Infinity
  #drawn = false
  published = 0
  duplicates = 0
  failed = 0
  bytes = 0

  /** @param totalBytes size of the input, when it is known */
  constructor(screen: Screen, clock: Clock, totalBytes: number | undefined) {
    this.#screen = screen
    this.#clock = clock
    this.#totalBytes = totalBytes
    this.#startedAt = clock.monotonic()
  }

  get durationMs(): number {
    return this.#clock.monotonic() - this.#startedAt
  }

  /** Events that have come to their end. */
  get perSecond(): number {
    return (this.published + this.failed) / Math.max(0.001, this.durationMs / 1000)
  }

  /** Redraws when it is time to. */
  tick(): void {
    const now = this.#clock.monotonic()
    if (this.#screen.isTTY !== true || now - this.#shownAt < everyMs) return
    this.#shownAt = now
    this.#drawn = true
    this.#screen.write(`\r${clip(this.text(), (this.#screen.columns ?? 80) - 1)}\u001B[K`)
  }

  /** Takes the line away, so that other text can be written. */
  clear(): void {
    if (this.#drawn) this.#screen.write('\r\u001B[K')
    this.#drawn = false
    this.#shownAt = -Infinity
  }

  /** `12,000 events  8.2k/s  45%  1.2 of 2.7 MiB  3 failed` */
  text(): string {
    const total = this.#totalBytes
    return [
      plural(this.published + this.failed, 'event'),
      `${compact(Math.round(this.perSecond))}/s`,
      ...(total !== undefined && total > 0 ? [`${Math.min(100, Math.floor((this.bytes / total) * 100))}%`] : []),
      total === undefined ? bytes(this.bytes) : `${bytes(this.bytes)} of ${bytes(total)}`,
      ...(this.failed > 0 ? [`${count(this.failed)} failed`] : []),
    ].join('  ')
  }
}

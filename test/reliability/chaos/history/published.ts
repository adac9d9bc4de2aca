/**
 * What publishers did, and what they were told of it.
 * @module
 */
import type { LineOf } from './happening.ts'
import type { Violations } from './violations.ts'

/** What a publisher knows of an event; none until its call was answered. */
export const fate = { called: 1, acked: 2, unknown: 3, failed: 4 } as const

interface KeyHistory {
  /** By sequence. */
  readonly fates: number[]
  /** Offsets of those acknowledged, by sequence; the publisher may not know them. */
  readonly offsets: (number | undefined)[]
  at: string | undefined
}

export class Published {
  readonly #violations: Violations
  readonly #keys = new Map<string, KeyHistory>()
  readonly counts = { calls: 0, acked: 0, unknown: 0, failed: 0 }
  #firstAt = Infinity
  #lastAt = -Infinity
  #lastAckAt = -Infinity
  /** Longest time in which no event was acknowledged, milliseconds. */
  longestGapMs = 0

  constructor(violations: Violations) {
    this.#violations = violations
  }

  called({ key, sequence, id, t }: LineOf<'publish'>): void {
    const fates = this.#key(key).fates
    if (fates[sequence] !== undefined) this.#violations.add('history', `${id} is published twice`)
    fates[sequence] = fate.called
    this.counts.calls++
    this.#firstAt = Math.min(this.#firstAt, t)
    this.#lastAt = Math.max(this.#lastAt, t)
  }

  answered({ what, id, ...more }: LineOf<'acked' | 'unknown' | 'failed'>): void {
    const { key, sequence } = partsOf(id)
    const history = this.#key(key)
    if (history.fates[sequence] !== fate.called)
      this.#violations.add('history', `${id}: answered without a call, or twice`)
    history.fates[sequence] = fate[what]
    this.counts[what]++
    if (what !== 'acked') return
    if (this.#lastAckAt > 0) this.longestGapMs = Math.max(this.longestGapMs, more.t - this.#lastAckAt)
    this.#lastAckAt = more.t
    const { at, offset } = more as LineOf<'acked'>
    if (at !== undefined && offset !== undefined) this.#checkOrder(history, id, sequence, at, offset)
  }

  /** In the log the events of a key lie in the order in which its publisher called. */
  #checkOrder(history: KeyHistory, id: string, sequence: number, at: string, offset: number): void {
    const { offsets } = history
    if (history.at !== undefined && history.at !== at)
      this.#violations.add('publish order', `${id} lies in ${at}, earlier events of its key in ${history.at}`)
    history.at = at
    for (let earlier = sequence - 1; earlier >= 0; earlier--) {
      const its = offsets[earlier]
      if (its === undefined) continue
      if (its >= offset)
        this.#violations.add('publish order', `${id} lies at ${offset}, and sequence ${earlier} before it at ${its}`)
      break
    }
    for (let later = sequence + 1; later < offsets.length; later++) {
      const its = offsets[later]
      if (its === undefined) continue
      if (its <= offset)
        this.#violations.add('publish order', `${id} lies at ${offset}, and sequence ${later} behind it at ${its}`)
      break
    }
    offsets[sequence] = offset
  }

  fateOf(key: string, sequence: number): number | undefined {
    return this.#keys.get(key)?.fates[sequence]
  }

  *acknowledged(): Generator<{ readonly id: string; readonly key: string; readonly sequence: number }> {
    for (const [key, { fates }] of this.#keys) {
      for (const [sequence, each] of fates.entries()) {
        if (each === fate.acked) yield { id: `${key}:${sequence}`, key, sequence }
      }
    }
  }

  /** Events called for per second, from the first to the last. */
  get rate(): number {
    const seconds = (this.#lastAt - this.#firstAt) / 1_000
    return seconds > 0 ? this.counts.calls / seconds : 0
  }

  get keys(): number {
    return this.#keys.size
  }

  #key(key: string): KeyHistory {
    let history = this.#keys.get(key)
    if (history === undefined) this.#keys.set(key, (history = { fates: [], offsets: [], at: undefined }))
    return history
  }
}

/** Key and sequence of an id. */
export function partsOf(id: string): { key: string; sequence: number } {
  const colon = id.lastIndexOf(':')
  return { key: id.slice(0, colon), sequence: Number(id.slice(colon + 1)) }
}

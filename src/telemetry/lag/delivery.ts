/**
 * Delivery rate: of the events that were acknowledged in a while that is over, how many are handled by now. Told by the log, so it is right
 * however many processes publish and handle. Pure.
 * @module
 */
import type { TopicPartition } from '../../transport/index.ts'
import { doneAbove } from './done-above.ts'
import { idOf } from './partitions.ts'
import type { LagReport } from './reader.ts'

export interface DeliveryOptions {
  /** What was acknowledged less long ago may still be on its way. Milliseconds, default a minute. */
  readonly windowMs?: number
  /** How long before that is looked at. Milliseconds, default five minutes. */
  readonly periodMs?: number
}

export interface LaneDelivery {
  readonly subscription: string
  readonly lane: string
  /** Handled ÷ acknowledged, 0..1; null when nothing was acknowledged, or it has not been looked for long enough. */
  readonly rate: number | null
  /** What was acknowledged in that while, and what is handled of it; for sums over subscriptions. */
  readonly acknowledged: number
  readonly handled: number
}

/** An unresolved dead letter: done, and not handled. */
export interface OpenLetter {
  readonly subscription: string
  readonly origin: TopicPartition & { readonly offset: number }
}

interface Look {
  readonly at: number
  /** Ends of partitions. */
  readonly ends: ReadonlyMap<string, number>
}

/** Looks that are kept; those between are dropped. */
const mostLooks = 40

export class DeliveryRates {
  readonly #windowMs: number
  readonly #periodMs: number
  #looks: Look[] = []

  constructor({ windowMs = 60_000, periodMs = 300_000 }: DeliveryOptions = {}) {
    this.#windowMs = windowMs
    this.#periodMs = periodMs
  }

  /** Call it at each look at the log, with the letters that are unresolved. */
  add(report: LagReport, letters: Iterable<OpenLetter>): LaneDelivery[] {
    this.#keep(report)
    const until = this.#looks.findLast(({ at }) => at <= report.at - this.#windowMs)
    const since = this.#looks[0]
    const lanes = report.lanes.map(({ subscription, lane }) => ({ subscription, lane, stored: 0, handled: 0 }))
    if (until === undefined || since === undefined || since === until) return lanes.map(rateOf)
    const laneOf = new Map(lanes.map((row) => [`${row.subscription}/${row.lane}`, row]))
    const ranges = new Map<string, { first: number; end: number; row: (typeof lanes)[number] }>()
    for (const row of report.partitions) {
      const lane = laneOf.get(`${row.subscription}/${row.lane}`)!
      const first = Math.max(since.ends.get(idOf(row)) ?? row.earliest, row.earliest)
      const end = Math.max(until.ends.get(idOf(row)) ?? first, first)
      lane.stored += end - first
      const below = Math.min(end, Math.max(first, row.next))
      const above = end > below ? doneAbove(row, below, end) : 0
      lane.handled += below - first + above
      // Letters above the position are done where anything above it is.
      ranges.set(`${row.subscription}/${idOf(row)}`, {
        first,
        end: above > 0 ? end : Math.min(end, row.next),
        row: lane,
      })
    }
    for (const { subscription, origin } of letters) {
      const range = ranges.get(`${subscription}/${idOf(origin)}`)
      if (range && origin.offset >= range.first && origin.offset < range.end) range.row.handled--
    }
    return lanes.map(rateOf)
  }

  #keep({ at, partitions }: LagReport): void {
    const newest = this.#looks.at(-1)
    if (newest && at - newest.at < (this.#windowMs + this.#periodMs) / mostLooks) return
    this.#looks.push({ at, ends: new Map(partitions.map((row) => [idOf(row), row.end])) })
    const oldest = at - this.#windowMs - this.#periodMs
    // The newest of those that are older is where the period begins.
    const begin = this.#looks.findLastIndex((look) => look.at <= oldest)
    if (begin > 0) this.#looks = this.#looks.slice(begin)
  }
}

function rateOf(row: { subscription: string; lane: string; stored: number; handled: number }): LaneDelivery {
  const { subscription, lane, stored, handled } = row
  const rate = stored === 0 ? null : Math.max(0, handled) / stored
  return { subscription, lane, rate, acknowledged: stored, handled: Math.max(0, handled) }
}

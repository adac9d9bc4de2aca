/**
 * What the log knows of the application's progress, asked again and again: lag, dead letters, delivery rates, and how fast ends and positions
 * move. The only source where the application runs elsewhere.
 * @module
 */
import type { Clock } from '../../clock.ts'
import { decodeCommitState } from '../../worker/index.ts'
import {
  DeliveryRates,
  LagReader,
  type DeliveryOptions,
  type LagReport,
  type TimedPartitionLag,
} from '../../telemetry/lag/index.ts'
import type { DashboardApp } from '../app.ts'
import type { Letters } from '../letters/letters.ts'
import { rateByLane } from './deliveries.ts'

/** As of the last look; what has not been looked at yet is undefined. */
export interface LogNumbers {
  readonly report?: LagReport
  readonly deliveries?: ReadonlyMap<string, number>
  /** Events per second since the look before, by `<topic>` (stored) and `<topic>\n<subscription>` (done). */
  readonly rates?: ReadonlyMap<string, number>
  /** Keys that wait for a repeated attempt, by subscription, as of the last commits. */
  readonly waitingKeys?: ReadonlyMap<string, number>
}

/** Dead topics are read less often, and delivery rates made. */
const lettersEveryMs = 5_000

export class LogWatch {
  readonly #app: Pick<DashboardApp, 'open' | 'config'>
  readonly #letters: Letters
  readonly #clock: Clock
  readonly #deliveries: DeliveryRates
  #reader: LagReader | undefined
  #numbers: LogNumbers = {}
  #lookedAt: number | undefined
  #lettersAt = -Infinity
  #looking: Promise<void> | undefined

  constructor(app: Pick<DashboardApp, 'open' | 'config'>, letters: Letters, clock: Clock, delivery?: DeliveryOptions) {
    this.#app = app
    this.#letters = letters
    this.#clock = clock
    this.#deliveries = new DeliveryRates(delivery)
  }

  get numbers(): LogNumbers {
    return this.#numbers
  }

  /** Looks again, unless it is just doing so. A log that is away leaves the figures as they were. */
  look(): void {
    this.#looking ??= this.#look()
      .catch(() => undefined)
      .finally(() => (this.#looking = undefined))
  }

  /** Resolves when nothing is being asked any more. */
  async close(): Promise<void> {
    await this.#looking
  }

  async #look(): Promise<void> {
    const { config } = this.#app
    this.#reader ??= new LagReader({ log: await this.#app.open(), config, clock: this.#clock })
    const report = await this.#reader.read()
    const now = this.#clock.monotonic()
    let { deliveries } = this.#numbers
    if (now - this.#lettersAt >= lettersEveryMs) {
      this.#lettersAt = now
      await this.#letters.refresh()
      // It goes through all letters, and changes slowly.
      deliveries = rateByLane(this.#deliveries.add(report, this.#letters.unresolvedOrigins()))
    }
    const rates = this.#ratesSince(report, now)
    this.#numbers = {
      report,
      waitingKeys: waitingKeys(report.partitions),
      ...(deliveries && { deliveries }),
      ...(rates && { rates }),
    }
  }

  #ratesSince(report: LagReport, now: number): ReadonlyMap<string, number> | undefined {
    const before = this.#numbers.report
    const seconds = (now - (this.#lookedAt ?? now)) / 1_000
    this.#lookedAt = now
    if (before === undefined || seconds <= 0) return undefined
    const [old, fresh] = [sums(before.partitions), sums(report.partitions)]
    return new Map([...fresh].map(([name, sum]) => [name, Math.max(0, sum - (old.get(name) ?? sum)) / seconds]))
  }
}

/** Ends by topic, and what is done by topic and subscription. */
function sums(rows: readonly TimedPartitionLag[]): Map<string, number> {
  const found = new Map<string, number>()
  const ends = new Map<string, number>()
  for (const row of rows) {
    const id = `${row.topic}\n${row.subscription}`
    found.set(id, (found.get(id) ?? 0) + doneOf(row))
    const place = `${row.topic}/${row.partition}`
    if (ends.has(place)) continue
    ends.set(place, row.end)
    found.set(row.topic, (found.get(row.topic) ?? 0) + row.end)
  }
  return found
}

/** The committed position and what is done above it. */
function doneOf({ next, committed, metadata }: TimedPartitionLag): number {
  if (committed === null || metadata.length === 0) return next
  const progress = decodeCommitState(committed, metadata)
  return Math.max(next, progress.high - [...progress.entries].length)
}

function waitingKeys(rows: readonly TimedPartitionLag[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const { subscription, committed, metadata } of rows) {
    if (committed === null || metadata.length === 0) continue
    const entries = [...decodeCommitState(committed, metadata).entries]
    found.set(subscription, (found.get(subscription) ?? 0) + entries.filter(({ attempts }) => attempts > 0).length)
  }
  return found
}

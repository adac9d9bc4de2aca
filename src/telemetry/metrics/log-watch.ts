/**
 * What only the log can tell: lag in events and in seconds, delivery rates, unresolved dead letters. Looked at now and then.
 * @module
 */
import { sleep, type Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import { DeadLetterIndex, type IndexedLetter } from '../../deadletter/index.ts'
import type { Log } from '../../transport/index.ts'
import { DeliveryRates, LagReader, type DeliveryOptions, type LagReport, type OpenLetter } from '../lag/index.ts'
import type { Registry } from './registry.ts'

export interface LogWatchOptions {
  readonly registry: Registry
  readonly config: CompiledConfig
  readonly clock: Clock
  /** Opens the log, or gives the open one. */
  readonly open: () => Promise<Log>
  /** Between two looks. Milliseconds. */
  readonly everyMs: number
  readonly delivery?: DeliveryOptions
  /** Told when a look failed; the next one comes as always. */
  readonly failed: (error: unknown) => void
}

const firstLookMs = 1_000

export class LogWatch {
  readonly #options: LogWatchOptions
  readonly #delivery: DeliveryRates
  readonly #stopping = new AbortController()
  #parts: { readonly lag: LagReader; readonly letters: readonly [string, DeadLetterIndex][] } | undefined
  #looking = Promise.resolve()

  constructor(options: LogWatchOptions) {
    this.#options = options
    this.#delivery = new DeliveryRates(options.delivery)
  }

  /** Looks until `stop`. Not at once: it must not stand in the way of the first event. */
  async run(): Promise<void> {
    const { clock, everyMs } = this.#options
    const { signal } = this.#stopping
    await sleepQuietly(clock, Math.min(firstLookMs, everyMs), signal)
    while (!signal.aborted) {
      await this.look()
      await sleepQuietly(clock, everyMs, signal)
    }
  }

  stop(): void {
    this.#stopping.abort()
  }

  /**
   * Looks now; after the look under way, which may have missed what was just written. Does not throw: where the log cannot be read,
   * nothing is shown of it.
   */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look()).catch((error: unknown) => this.#missed(error))
    return this.#looking
  }

  #missed(error: unknown): void {
    if (this.#stopping.signal.aborted) return
    const { registry, failed } = this.#options
    for (const id of ['lagEvents', 'lagAge', 'delivery', 'deadUnresolved'] as const) registry.forget(id)
    failed(error)
  }

  async #look(): Promise<void> {
    const { lag, letters } = await this.#opened()
    const report = await lag.read()
    for (const [, index] of letters) await index.refresh()
    if (this.#stopping.signal.aborted) return
    this.#tellLag(report)
    this.#tellLetters(letters)
    this.#tellDelivery(report, letters)
  }

  async #opened() {
    const { open, config, clock } = this.#options
    if (this.#parts) return this.#parts
    const log = await open()
    const letters = [...config.subscriptions.values()].map((sub): [string, DeadLetterIndex] => [
      sub.name,
      new DeadLetterIndex(log, sub),
    ])
    this.#parts = { lag: new LagReader({ log, config, clock }), letters }
    return this.#parts
  }

  #tellLag({ lanes }: LagReport): void {
    const { registry } = this.#options
    registry.forget('lagAge')
    for (const { subscription, lane, lag, lagSeconds } of lanes) {
      const labels = { 'veltrix.subscription': subscription, 'veltrix.lane': lane }
      registry.series('lagEvents', labels).set(lag)
      if (lagSeconds !== null) registry.series('lagAge', labels).set(lagSeconds)
    }
  }

  #tellLetters(letters: readonly [string, DeadLetterIndex][]): void {
    const { registry } = this.#options
    registry.forget('deadUnresolved')
    for (const [subscription, index] of letters) {
      // There even when there are none: a rule that looks for growth needs the nought before it.
      registry.series('deadUnresolved', countLabels(subscription, 'dead', 'attempts-exhausted')).set(0)
      const counts = new Map<string, { of: ReturnType<typeof countLabels>; count: number }>()
      for (const { status, reason } of index.unresolved()) {
        const known = counts.get(`${status}/${reason}`)
        if (known) known.count++
        else counts.set(`${status}/${reason}`, { of: countLabels(subscription, status, reason), count: 1 })
      }
      for (const { of, count } of counts.values()) registry.series('deadUnresolved', of).set(count)
    }
  }

  #tellDelivery(report: LagReport, letters: readonly [string, DeadLetterIndex][]): void {
    const { registry } = this.#options
    registry.forget('delivery')
    for (const { subscription, lane, rate } of this.#delivery.add(report, openLetters(letters))) {
      const labels = { 'veltrix.subscription': subscription, 'veltrix.lane': lane }
      if (rate !== null) registry.series('delivery', labels).set(rate)
    }
  }
}

function* openLetters(letters: readonly [string, DeadLetterIndex][]): Iterable<OpenLetter> {
  for (const [subscription, index] of letters)
    for (const { origin } of index.unresolved()) yield { subscription, origin }
}

function countLabels(subscription: string, status: IndexedLetter['status'], reason: string) {
  return { 'veltrix.subscription': subscription, 'veltrix.status': status, 'veltrix.reason': reason }
}

function sleepQuietly(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return sleep(clock, ms, signal).catch(() => undefined)
}

/**
 * Repeats on a log that remembers no ids: the log itself is the memory. A gateway knows what it stored, and reads what others store.
 * @module
 */
import { sleep, type Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import type { AppendOutcome, AppendRecord, EarlyOutcomes, Log, TopicPartition } from '../../transport/index.ts'
import { IdTable, maxPlaces } from './id-table.ts'
import { KnownIds } from './known-ids.ts'
import type { IdOptions } from './options.ts'
import { Reading, type ReadableLog } from './reading.ts'

/** What `/readyz` says. */
export interface IdsReport {
  /**
   * `reading`: what was there at the start is not known yet. `behind`: others stored more than 10,000 events that are not known yet. `failing`: the
   * log could not be read last.
   */
  readonly state: 'ok' | 'reading' | 'behind' | 'failing'
  /** For how long back repeats are recognised: the window, or less where more events came than are kept. Milliseconds. */
  readonly windowMs: number
  readonly remembered: number
  /** Events on the log that are not known yet, as far as the log told. */
  readonly behind: number
}

const farBehind = 10_000
/** So long a start waits for what was there before. */
const startMs = 30_000

export class Ids {
  readonly #clock: Clock
  readonly #log: Log
  readonly #table: IdTable
  readonly #known: KnownIds
  readonly #reading: Reading

  /** Undefined where there is nothing to do: the log remembers ids itself, the window is 0, or the log cannot be followed. */
  static over(
    log: Log,
    config: CompiledConfig,
    how: Required<IdOptions> & { readonly clock: Clock; readonly onFailure: (error: unknown) => void },
  ): Ids | undefined {
    if (log.features.dedupeWindowMs > 0 || how.idWindowMs === 0 || log.readTogether === undefined) return undefined
    const places = placesOf(config)
    return places.length > maxPlaces ? undefined : new Ids(log as Log & ReadableLog, places, how)
  }

  private constructor(
    log: Log & ReadableLog,
    places: readonly TopicPartition[],
    { idWindowMs: windowMs, maxIds, clock, onFailure }: Parameters<typeof Ids.over>[2],
  ) {
    this.#clock = clock
    this.#log = log
    this.#table = new IdTable({ maxIds, windowMs })
    this.#known = new KnownIds(this.#table, places, () => clock.monotonic())
    this.#reading = new Reading(this.#known, { log, clock, places, windowMs, maxIds, onFailure })
  }

  readonly append = (records: readonly AppendRecord[], early?: EarlyOutcomes): Promise<readonly AppendOutcome[]> =>
    this.#known.append(this.#log, records, early)

  /** Resolves when what was on the log at the beginning is known, and after 30 s in any case: events are worth more than their repeats. */
  async started(): Promise<void> {
    const over = new AbortController()
    await Promise.race([this.#reading.caughtUp, sleep(this.#clock, startMs, over.signal).catch(() => {})])
    over.abort()
    this.#reading.giveWay()
  }

  report(): IdsReport {
    const { behind, isCaughtUp, isFailing } = this.#reading
    const state = isFailing ? 'failing' : !isCaughtUp ? 'reading' : behind > farBehind ? 'behind' : 'ok'
    const windowMs = this.#table.reachMs(this.#clock.monotonic())
    return { state, windowMs, remembered: this.#table.count, behind }
  }

  close(): void {
    this.#reading.close()
  }
}

function placesOf(config: CompiledConfig): readonly TopicPartition[] {
  return [...config.streams.values()].flatMap(({ topics, partitions }) =>
    [...topics.values()].flatMap((topic) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    ),
  )
}

/**
 * Lag in events and in seconds.
 * @module
 */
import type { Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import type { Log } from '../../transport/index.ts'
import { lanesOf, type LaneLag } from './lanes.ts'
import { OldestRecords } from './oldest.ts'
import { partitionLags, type PartitionLag } from './partitions.ts'

export interface LagReaderOptions {
  readonly log: Log
  readonly config: CompiledConfig
  readonly clock: Clock
  /** Records read in one look, at most: one of each partition that moved. Default 256. */
  readonly maxReads?: number
}

export interface TimedPartitionLag extends PartitionLag {
  /** Age of the oldest record that is not done, in seconds; 0 when all is done, null when it is not known. */
  readonly lagSeconds: number | null
}

export interface TimedLaneLag extends LaneLag {
  /** The largest of its partitions. */
  readonly lagSeconds: number | null
}

export interface LagReport {
  /** When it was looked, milliseconds since the epoch. */
  readonly at: number
  readonly partitions: readonly TimedPartitionLag[]
  readonly lanes: readonly TimedLaneLag[]
}

/**
 * Reads lag again and again at a bounded price: offsets and positions of all partitions, and of those that have something to do and have
 * moved since, one record. Keep one for each log.
 */
export class LagReader {
  readonly #options: LagReaderOptions
  readonly #oldest: OldestRecords

  constructor(options: LagReaderOptions) {
    this.#options = options
    this.#oldest = new OldestRecords(options.log, options.maxReads ?? 256)
  }

  /** @throws the log's errors */
  async read(): Promise<LagReport> {
    const { log, config, clock } = this.#options
    const rows = await partitionLags(log, config)
    const timestamps = await this.#oldest.timestamps(rows)
    const at = clock.now()
    const partitions = rows.map((row, place) => ({ ...row, lagSeconds: lagSeconds(row, timestamps[place]!, at) }))
    const lanes = lanesOf(config, partitions).map(({ lane, rows: own }) => ({ ...lane, lagSeconds: largest(own) }))
    return { at, partitions, lanes }
  }
}

function lagSeconds({ lag }: PartitionLag, timestamp: number | null, now: number): number | null {
  if (lag === 0) return 0
  // Clocks of publishers may be ahead of ours.
  return timestamp === null ? null : Math.max(0, now - timestamp) / 1000
}

/** Of what is known; null when nothing is, and something waits. */
function largest(rows: readonly TimedPartitionLag[]): number | null {
  const known = rows.flatMap((row) => row.lagSeconds ?? [])
  if (known.length === 0) return rows.length === 0 ? 0 : null
  const most = Math.max(...known)
  return most === 0 && known.length < rows.length ? null : most
}

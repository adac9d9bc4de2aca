/**
 * Options of the embedded log, and their compiled form.
 * @module
 */
import { resolve } from 'node:path'

/** Options of {@link embedded}. Times are milliseconds, sizes are bytes. */
export interface EmbeddedOptions {
  /** Directory of the log's files; made when missing. Default `.veltrix`. */
  readonly directory?: string
  /**
   * How long the id of an append with `dedupe` is remembered, in milliseconds. Default 24 hours: longer than a night's
   * outage of whoever sends again. Each remembered id costs about 200 bytes on disk.
   */
  readonly dedupeWindow?: number
  /** Largest record (key + headers + value) in bytes. Default 16 MiB, at most 512 MiB. */
  readonly maxRecordBytes?: number
  /**
   * `fsync` (default): an append resolves when the disk has it. `none`: when the operating system has it; a power cut
   * can lose acknowledged records, a killed process cannot. Only for tests.
   */
  readonly durability?: 'fsync' | 'none'
  /** How long `open()` and calls wait for an owner process that does not answer, in milliseconds. Default 10 s. */
  readonly ownerTimeout?: number
  /** How long a member may take to give back partitions, in milliseconds. Default 30 s. */
  readonly rebalanceTimeout?: number
}

/** {@link EmbeddedOptions} with every default filled in. Plain values: they cross to the threads. */
export interface CompiledOptions {
  readonly directory: string
  readonly dedupeWindowMs: number
  readonly maxRecordBytes: number
  readonly durability: 'fsync' | 'none'
  readonly ownerTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

const MiB = 1024 * 1024
const optionNames = Object.keys({
  directory: true,
  dedupeWindow: true,
  maxRecordBytes: true,
  durability: true,
  ownerTimeout: true,
  rebalanceTimeout: true,
} satisfies Record<keyof EmbeddedOptions, true>)

/**
 * Fills the defaults.
 * @throws RangeError naming the option, when a number is out of its range
 */
export function compileOptions(options: EmbeddedOptions): CompiledOptions {
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name)) {
      throw new RangeError(`embedded({ ${name} }): there is no such option. Known: ${optionNames.join(', ')}.`)
    }
  }
  const { directory = '.veltrix', durability = 'fsync' } = options
  if (typeof directory !== 'string' || directory === '') {
    throw new RangeError(`embedded({ directory }) is ${shown(directory)}; it must be the path of a directory.`)
  }
  if (durability !== 'fsync' && durability !== 'none') {
    throw new RangeError(`embedded({ durability }) is ${shown(durability)}; it must be "fsync" or "none".`)
  }
  return {
    directory: resolve(directory),
    dedupeWindowMs: within('dedupeWindow', options.dedupeWindow ?? 24 * 3_600_000, 0, Number.MAX_SAFE_INTEGER),
    maxRecordBytes: within('maxRecordBytes', options.maxRecordBytes ?? 16 * MiB, 1, 512 * MiB),
    durability,
    ownerTimeoutMs: within('ownerTimeout', options.ownerTimeout ?? 10_000, 1, 2 ** 31 - 1),
    rebalanceTimeoutMs: within('rebalanceTimeout', options.rebalanceTimeout ?? 30_000, 1, 2 ** 31 - 1),
  }
}

function within(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new RangeError(`embedded({ ${name} }) is ${shown(value)}; it must be a whole number from ${least} to ${most}.`)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/**
 * The embedded durable log: a directory on this machine, shared by the processes on it. Needs nothing installed.
 * @module
 */
import type { Transport, TransportFeatures } from '../index.ts'
import { EmbeddedLog } from './log.ts'
import { compileOptions, type EmbeddedOptions } from './options.ts'

export type { EmbeddedOptions } from './options.ts'

/** The embedded log with what only it can do. */
export type { EmbeddedLog } from './log.ts'

/**
 * A log in a directory. Opening is lazy: nothing is touched before `open()`.
 *
 * The first process to open the directory owns it and does all writing; others on the same machine are served through
 * it and take over when it ends, however it ends.
 * @throws RangeError naming the option that is out of range
 * @example
 * const transport = embedded({ directory: './data' })
 */
export function embedded(
  options: EmbeddedOptions = {},
): Transport & { readonly name: 'embedded'; readonly directory: string } {
  const compiled = compileOptions(options)
  const features: TransportFeatures = {
    replay: true,
    dedupeWindowMs: compiled.dedupeWindowMs,
    maxCommitMetadataBytes: 65_536,
    maxRecordBytes: compiled.maxRecordBytes,
    multiProcess: true,
    administrable: true,
    transactions: true,
  }
  const { directory } = compiled
  return { name: 'embedded', directory, features, open: (how) => EmbeddedLog.open(compiled, features, how) }
}

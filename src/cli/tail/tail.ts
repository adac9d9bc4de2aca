/**
 * Showing records: those stored, then those that come.
 * @module
 */
import { eventType, keyText } from '../../event/index.ts'
import { newRecords, sourcesOf, storedRecords, type From, type Placed } from '../../tail/index.ts'
import type { CompiledConfig } from '../../config/index.ts'
import type { PlacedFilter } from '../../dashboard/index.ts'
import type { LoadedApp } from '../app-module.ts'
import { Interrupts } from '../dev/interrupts.ts'
import { UsageInvalid } from '../errors.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { entryOf, lineOf } from './line.ts'

export interface TailOptions {
  readonly stream: string | undefined
  readonly lane: string | undefined
  readonly type: string | undefined
  readonly key: string | undefined
  /** CEL; all must hold. */
  readonly filters: readonly string[]
  readonly from: From
  readonly follow: boolean
}

/** Resolves when everything was shown; when following, at a signal or when nobody reads the output any more. */
export async function showTail(
  { app, config }: LoadedApp,
  options: TailOptions,
  shell: Shell,
  out: Output,
): Promise<void> {
  const log = await app.open()
  const sources = await sourcesOf(log, config, options)
  const interrupts = new Interrupts(shell)
  const filter = await filterOf(options.filters, config, shell)
  const wanted = (placed: Placed): boolean =>
    (options.type === undefined || eventType(placed.record) === options.type) &&
    (options.key === undefined || keyText(placed.record.key) === options.key) &&
    filter?.matches(placed) !== false
  const show = async (records: AsyncIterable<Placed>): Promise<void> => {
    for await (const placed of records) {
      if (interrupts.signal.aborted || out.closed) return
      if (!wanted(placed)) continue
      const entry = entryOf(placed, config)
      if (out.json) await out.result(entry)
      else await out.lines(lineOf(entry, out))
    }
  }
  try {
    await show(storedRecords(log, sources, options.from, wanted))
    if (!options.follow) return
    const ended = AbortSignal.any([interrupts.signal, out.gone])
    await show(newRecords(log, sources, { signal: ended, clock: shell.clock }))
  } finally {
    if (filter?.givenUp !== undefined) out.note(filter.givenUp)
    interrupts.close()
  }
}

/** The page's own; it is loaded where one is given. @throws UsageInvalid */
async function filterOf(
  texts: readonly string[],
  config: CompiledConfig,
  { clock }: Shell,
): Promise<PlacedFilter | undefined> {
  if (texts.length === 0) return undefined
  const { placedFilter } = await import('../../dashboard/index.ts')
  try {
    return placedFilter(texts, { config }, clock)
  } catch (error) {
    throw new UsageInvalid(`--filter: ${(error as Error).message}`, { cause: error })
  }
}

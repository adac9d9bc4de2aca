/**
 * Showing records: those stored, then those that come.
 * @module
 */
import { eventType, keyText } from '../../event/index.ts'
import { newRecords, sourcesOf, storedRecords, type From, type Placed } from '../../tail/index.ts'
import type { LoadedApp } from '../app-module.ts'
import { Interrupts } from '../dev/interrupts.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { entryOf, lineOf } from './line.ts'

export interface TailOptions {
  readonly stream: string | undefined
  readonly lane: string | undefined
  readonly type: string | undefined
  readonly key: string | undefined
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
  const wanted = ({ record }: Placed): boolean =>
    (options.type === undefined || eventType(record) === options.type) &&
    (options.key === undefined || keyText(record.key) === options.key)
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
    interrupts.close()
  }
}

/**
 * One record of the log as a line, or as JSON.
 * @module
 */
import { masked, type CompiledConfig } from '../../config/index.ts'
import { decodeEvent, keyText, type VeltrixEvent } from '../../event/index.ts'
import { clip, moment, printable } from '../format.ts'
import type { Output } from '../output.ts'
import type { Placed } from '../../tail/index.ts'

/** What `--json` prints for a record; without `problem` it can be given to `veltrix publish` again. */
export interface TailEntry {
  readonly stream: string
  readonly lane: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly id?: string
  readonly source?: string
  readonly type?: string
  readonly time: string
  readonly subject?: string
  readonly data?: unknown
  readonly extensions?: Readonly<Record<string, string>>
  /** Why the record is no event that can be read. */
  readonly problem?: string
}

export function entryOf({ record, from }: Placed, config: CompiledConfig): TailEntry {
  const { stream, lane, topic, partition } = from
  const place = { stream, lane, topic, partition, offset: record.offset, key: keyText(record.key) }
  let event: VeltrixEvent
  try {
    event = decodeEvent(record)
  } catch (error) {
    return { ...place, time: timeOf(record.timestamp), problem: (error as Error).message }
  }
  const { id, source, type, time, subject, extensions } = event
  return {
    ...place,
    id,
    source,
    type,
    time,
    ...(subject === undefined ? {} : { subject }),
    data: masked(event.data, type, config),
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
  }
}

/** `2026-03-01 12:00:00 critical order.placed o-1 {"orderId":"o-1"} orders/3@128` */
export function lineOf(entry: TailEntry, out: Pick<Output, 'paint' | 'width'>): string {
  const { paint, width } = out
  const time = moment(Date.parse(entry.time)).slice(11)
  const where = `${entry.stream}/${entry.partition}@${entry.offset}`
  const key = printable(entry.key)
  const what = printable(entry.type ?? 'unreadable')
  const body = printable(entry.problem ?? JSON.stringify(entry.data) ?? '')
  const fixed = `${time} ${entry.lane} ${what} ${key}  ${where}`.length
  const shown = clip(body, Math.max(10, width - fixed))
  const type = entry.problem === undefined ? paint.strong(what) : paint.bad(what)
  return `${paint.faint(time)} ${paint.name(entry.lane)} ${type} ${clip(key, 40)} ${shown} ${paint.faint(where)}`
}

function timeOf(timestamp: number): string {
  return Math.abs(timestamp) <= 8.64e15 ? new Date(timestamp).toISOString() : 'unknown'
}

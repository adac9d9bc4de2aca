/**
 * Events as the page sees them: what the typed file calls secret is masked, and who may not read payloads gets none.
 * @module
 */
import { masked, type CompiledConfig } from '../../config/index.ts'
import { decodeEvent, keyText, type VeltrixEvent } from '../../event/index.ts'
import type { Placed } from '../../tail/index.ts'
import type { TailLine } from '../api/index.ts'
import type { SessionRights } from '../http/rights.ts'

/** A payload whose JSON is longer is shown cut. Characters. */
const maxShown = 8 * 1024

/** An event that is shown, and what a filter may look at: no more than who asks may see. */
export interface Shown {
  readonly line: TailLine
  readonly event: Readonly<Record<string, unknown>>
}

export function decoded(placed: Placed): VeltrixEvent | undefined {
  try {
    return decodeEvent(placed.record)
  } catch {
    return undefined
  }
}

/** @param event undefined: the record is none */
export function shownOf(
  { from, record }: Placed,
  event: VeltrixEvent | undefined,
  config: Pick<CompiledConfig, 'events'>,
  rights: Pick<SessionRights, 'mayReadPayload'>,
): Shown {
  const { topic, partition, stream, lane } = from
  const place = { topic, partition, offset: record.offset, at: record.timestamp, stream, lane }
  if (event === undefined) {
    const line = { ...place, type: '', id: '', key: keyText(record.key), source: '' }
    return { line, event: line }
  }
  const { type, id, key, source } = event
  const line = { ...place, type, id, key, source }
  const data = rights.mayReadPayload(type, source) ? { data: masked(event.data, type, config) } : {}
  const { time, subject, extensions } = event
  return {
    line: { ...line, ...data },
    event: { ...extensions, ...line, time, ...(subject === undefined ? {} : { subject }), ...data },
  }
}

/** A line as it is sent: a payload that is long is text, and ends early. */
export function cutLine(line: TailLine): TailLine {
  const { data } = line
  if (data === undefined) return line
  const text = JSON.stringify(data) ?? ''
  return text.length <= maxShown ? line : { ...line, data: `${text.slice(0, maxShown)}…`, cut: true }
}

/** As CloudEvents JSON; the key is the partitioning extension's attribute. */
export function cloudEvent(event: VeltrixEvent, data: { readonly data?: unknown }): object {
  const { id, source, type, time, subject, key, extensions } = event
  return {
    specversion: '1.0',
    id,
    source,
    type,
    time,
    ...(subject === undefined ? {} : { subject }),
    datacontenttype: 'application/json',
    partitionkey: key,
    ...extensions,
    ...data,
  }
}

/**
 * Records that were not written as events: by a connector, another language, a person with a tool.
 * @module
 */
import { keyProblem } from './attributes.ts'
import { defaultTime, payload, type DecodableRecord } from './decode.ts'
import { noExtensions } from './encode.ts'
import { EnvelopeInvalid } from './errors.ts'
import type { VeltrixEvent } from './event.ts'
import { attributePrefix } from './headers.ts'
import { isContentType } from './media-type.ts'
import { isStructured } from './structured.ts'
import { strictText } from './text.ts'

/** Where a record lies, and the type it is taken for. */
export interface Adoption {
  readonly type: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/**
 * Whether the record has none of the headers that an event travels in, nor is a whole event by its content type. One with a few of them is
 * an event that is broken.
 */
export function isForeign({ headers }: Pick<DecodableRecord, 'headers'>): boolean {
  for (const [name, value] of headers) {
    if (name.startsWith(attributePrefix)) return false
    if (isContentType(name) && isStructured(strictText(value) ?? '')) return false
  }
  return true
}

/**
 * The event that a foreign record is taken for: id and source from where it lies, so the same every time; time from the record; the value
 * as JSON, not checked by a schema yet. Without a key of its own the event's is empty.
 * @throws EnvelopeInvalid when the value is not JSON (or null, a tombstone), or the key is no text
 */
export function adoptRecord(record: DecodableRecord, { type, topic, partition, offset }: Adoption): VeltrixEvent {
  const problems: string[] = []
  const data = payload(record.value, problems)
  const key = record.key === null ? '' : strictText(record.key)
  if (key === undefined) problems.push('the key is not UTF-8 text')
  else if (record.key !== null) {
    const problem = keyProblem(key)
    if (problem !== undefined) problems.push(`the key ${problem}`)
  }
  if (problems.length > 0) throw new EnvelopeInvalid(problems)
  return {
    id: `${topic}-${partition}-${offset}`,
    source: `urn:veltrix:foreign:${topic}`,
    type,
    time: defaultTime(record.timestamp),
    key: key!,
    data,
    extensions: noExtensions,
  }
}

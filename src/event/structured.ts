/**
 * CloudEvents in structured content mode: the whole event, attributes and payload, as one JSON object in the record's value (Kafka binding
 * 3.3). It is read, and never written.
 * @module
 */
import { jsonContentType } from './headers.ts'
import { fromJson } from './json.ts'
import { isJsonType } from './media-type.ts'

export interface Structured {
  /** Attributes by name, as their text. Absent where they are no text, number or boolean. */
  readonly attributes: ReadonlyMap<string, string>
  readonly data: unknown
  readonly problems: readonly string[]
}

const mediaType = 'application/cloudevents+json'

/** Whether a content type says that the value is a whole event. */
export function isStructured(contentType: string): boolean {
  if (contentType === jsonContentType) return false
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  return type === mediaType
}

export function parseStructured(value: Uint8Array | null): Structured {
  const attributes = new Map<string, string>()
  const problems: string[] = []
  const object = parse(value, problems)
  if (object === undefined) return { attributes, data: undefined, problems }
  for (const [name, each] of Object.entries(object)) {
    if (name === 'data' || name === 'data_base64' || each === null) continue
    if (typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean') {
      attributes.set(name, String(each))
    } else problems.push(`the attribute ${name.slice(0, 40)} is neither text, number nor boolean`)
  }
  return { attributes, data: dataOf(object, attributes.get('datacontenttype'), problems), problems }
}

/** The `type` alone; `undefined` when there is none. */
export function structuredType(value: Uint8Array | null): string | undefined {
  const type = parse(value, [])?.['type']
  return typeof type === 'string' ? type : undefined
}

function parse(value: Uint8Array | null, problems: string[]): Readonly<Record<string, unknown>> | undefined {
  if (value === null) problems.push('the value is null (a tombstone), not an event')
  else {
    try {
      const object = fromJson(value)
      if (typeof object === 'object' && object !== null && !Array.isArray(object)) {
        return object as Record<string, unknown>
      }
      problems.push('the value is not a JSON object, as an event in structured mode is')
    } catch (error) {
      problems.push(`the event ${(error as Error).message}`)
    }
  }
  return undefined
}

function dataOf(
  object: Readonly<Record<string, unknown>>,
  contentType: string | undefined,
  problems: string[],
): unknown {
  const { data, data_base64: encoded } = object
  if (contentType !== undefined && !isJsonType(contentType)) {
    problems.push(`datacontenttype is ${JSON.stringify(contentType.slice(0, 100))}, only JSON is read`)
  } else if (encoded !== undefined) {
    try {
      return fromJson(Buffer.from(String(encoded), 'base64'))
    } catch (error) {
      problems.push(`data_base64 ${(error as Error).message}`)
    }
  } else if (!('data' in object)) problems.push('it has no data')
  return data
}

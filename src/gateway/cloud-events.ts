/**
 * CloudEvents over HTTP (HTTP binding 1.0.2): binary, structured and batched content mode.
 * @module
 */
import {
  extensionNameProblem,
  isJsonType,
  nonEmptyTextProblem,
  quoted,
  sourceProblem,
  timeProblem,
  type EventIssue,
} from '../event/index.ts'
import { RequestRefused } from './errors.ts'
import { jsonBody, jsonList, type JsonLimits, type ListLimits } from './json-body.ts'

/** An event as it is handed to the publisher. */
export interface ReceivedEvent {
  readonly type: string
  readonly data: unknown
  readonly id: string
  readonly source: string
  readonly time?: string
  readonly subject?: string
  readonly extensions?: Readonly<Record<string, string>>
}

export type ContentMode = 'binary' | 'structured' | 'batch'

const structuredType = 'application/cloudevents+json'
const batchType = 'application/cloudevents-batch+json'

/**
 * Which mode a content type means (HTTP binding 3).
 * @throws RequestRefused for what is neither JSON nor CloudEvents in JSON, or not in UTF-8
 */
export function contentMode(contentType: string | undefined): ContentMode {
  if (contentType === undefined) {
    throw new RequestRefused(
      'media-type-unsupported',
      `The request has no content-type: ${structuredType}, ${batchType}, or application/json with ce- headers.`,
    )
  }
  const [mediaType = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase())
  for (const parameter of parameters) {
    const charset = /^charset="?([^"]*)"?$/.exec(parameter)?.[1]
    if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
      throw new RequestRefused('media-type-unsupported', `The charset is ${quoted(charset)}; JSON is UTF-8.`)
    }
  }
  if (mediaType === structuredType) return 'structured'
  if (mediaType === batchType) return 'batch'
  if (isJsonType(mediaType)) return 'binary'
  throw new RequestRefused(
    'media-type-unsupported',
    `The content-type ${quoted(contentType)} is not taken: ${structuredType}, ${batchType}, or application/json with ce- headers.`,
  )
}

/**
 * Binary mode: attributes in `ce-` headers, the payload as the body.
 * @param rawHeaders names and values in turn, as they came: a repeated one must not be joined to one text
 * @throws RequestRefused
 */
export function binaryEvent(rawHeaders: readonly string[], body: Uint8Array, limits: JsonLimits): ReceivedEvent {
  const attributes = new Map<string, unknown>()
  const issues: EventIssue[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at]!.toLowerCase()
    if (!header.startsWith('ce-')) continue
    const name = header.slice(3)
    if (name === 'datacontenttype') issues.push({ path: header, message: 'is said by content-type' })
    else if (attributes.has(name)) issues.push({ path: header, message: 'is there twice' })
    else attributes.set(name, headerText(rawHeaders[at + 1]!, header, issues))
  }
  if (body.length === 0) issues.push({ path: 'data', message: 'is missing: the body is empty' })
  const event = eventOf(attributes, issues, 'ce-')
  return { ...event, data: jsonBody(body, limits) }
}

/** HTTP binding 3.1.3.2: percent-encoded UTF-8, within quotation marks or not. */
function headerText(value: string, header: string, issues: EventIssue[]): string {
  const quotedText = /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1]
  const text = quotedText === undefined ? value : quotedText.replaceAll(/\\(.)/g, '$1')
  // Node gives bytes above 0x7f as Latin-1.
  const unicode = /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString() : text
  if (!unicode.includes('%')) return unicode
  try {
    return decodeURIComponent(unicode)
  } catch {
    issues.push({ path: header, message: 'is not percent-encoded UTF-8: a % itself is written %25' })
    return unicode
  }
}

/** Structured mode: the whole event is the body. @throws RequestRefused */
export function structuredEvent(body: Uint8Array, rawHeaders: readonly string[], limits: JsonLimits): ReceivedEvent {
  refuseAttributeHeaders(rawHeaders, 'structured')
  return eventOfJson(jsonBody(body, limits), limits)
}

/**
 * Batched mode: a list of events. One that cannot be read is an error in its place.
 * @throws RequestRefused when there is no list, or more in it than there may be
 */
export async function batchEvents(
  body: Uint8Array,
  rawHeaders: readonly string[],
  limits: ListLimits,
): Promise<readonly (ReceivedEvent | RequestRefused)[]> {
  refuseAttributeHeaders(rawHeaders, 'batched')
  const list = await jsonList(body, limits)
  return list.map((each) => {
    if (each instanceof RequestRefused) return each
    try {
      return eventOfJson(each, limits)
    } catch (error) {
      if (error instanceof RequestRefused) return error
      throw error
    }
  })
}

/** Which of the two would count is open to attack: neither does. */
function refuseAttributeHeaders(rawHeaders: readonly string[], mode: string): void {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!rawHeaders[at]!.toLowerCase().startsWith('ce-')) continue
    throw new RequestRefused(
      'cloudevent-invalid',
      `The request is in ${mode} mode and has the header ${quoted(rawHeaders[at])} too: attributes are in the body only.`,
    )
  }
}

function eventOfJson(value: unknown, limits: JsonLimits): ReceivedEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RequestRefused('cloudevent-invalid', 'An event must be a JSON object.')
  }
  const { data, data_base64: encoded, datacontenttype: contentType, ...attributes } = value as Record<string, unknown>
  const issues: EventIssue[] = []
  if (
    contentType !== undefined &&
    contentType !== null &&
    !(typeof contentType === 'string' && isJsonType(contentType))
  )
    issues.push({ path: 'datacontenttype', message: 'must be JSON, such as application/json' })
  if (encoded !== undefined && 'data' in value)
    issues.push({ path: 'data_base64', message: 'cannot stand beside data' })
  else if (encoded === undefined && !('data' in value)) issues.push({ path: 'data', message: 'is missing' })
  const event = eventOf(new Map(Object.entries(attributes)), issues, '')
  return { ...event, data: encoded === undefined ? data : jsonBody(bytesOf(encoded), limits) }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function bytesOf(encoded: unknown): Uint8Array {
  if (typeof encoded === 'string' && base64.test(encoded)) return Buffer.from(encoded, 'base64')
  throw new RequestRefused('cloudevent-invalid', 'The event is not a CloudEvent.', [
    { path: 'data_base64', message: 'must be Base64 (RFC 4648, with padding)' },
  ])
}

type Envelope = Omit<ReceivedEvent, 'data'>

const core = new Set(['specversion', 'id', 'source', 'type', 'time', 'subject', 'dataschema'])

function eventOf(attributes: ReadonlyMap<string, unknown>, issues: EventIssue[], prefix: string): Envelope {
  const say = (name: string, message: string): number => issues.push({ path: `${prefix}${name.slice(0, 40)}`, message })
  const extensions: Record<string, string> = {}
  for (const [name, value] of attributes) {
    if (core.has(name) || value === null) continue
    const text = attributeText(value)
    const misnamed = extensionNameProblem(name)
    if (misnamed !== undefined) say(name, misnamed)
    else if (text === undefined) say(name, 'must be text, an integer or a boolean')
    else extensions[name] = text
  }
  const required = (name: string, problem: (value: unknown) => string | undefined): string => {
    const value = attributes.get(name)
    const message = value === undefined || value === null ? 'is missing' : problem(value)
    if (message !== undefined) say(name, message)
    return value as string
  }
  required('specversion', (value) => (value === '1.0' ? undefined : `must be "1.0", not ${quoted(value)}`))
  const id = required('id', nonEmptyTextProblem)
  const source = required('source', sourceProblem)
  const type = required('type', nonEmptyTextProblem)
  const optional = (name: string, problem: (value: unknown) => string | undefined): string | undefined => {
    const value = attributes.get(name) ?? undefined
    const message = value === undefined ? undefined : problem(value)
    if (message !== undefined) say(name, message)
    return value as string | undefined
  }
  const time = optional('time', timeProblem)
  const subject = optional('subject', nonEmptyTextProblem)
  // Checked, and not kept: the schema of a type is the typed file's.
  optional('dataschema', (value) => (typeof value === 'string' && URL.canParse(value) ? undefined : 'must be a URI'))
  if (issues.length > 0) throw new RequestRefused('cloudevent-invalid', 'The event is not a CloudEvent.', issues)
  return {
    id,
    source,
    type,
    ...(time === undefined ? {} : { time }),
    ...(subject === undefined ? {} : { subject }),
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
  }
}

/** JSON format 2.2: an integer or boolean has one spelling as text. */
function attributeText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value))) return String(value)
  return undefined
}

/**
 * An event into a record, as the CloudEvents Kafka binding says (version 1.0, binary content mode): attributes in `ce_` headers,
 * the payload as the value, the key as the key.
 * @module
 */
import type { Clock } from '../clock.ts'
import { extensionHeader, headerNames, jsonContentType } from './headers.ts'
import {
  extensionNameProblem,
  keyProblem,
  maxExtensionLength,
  maxExtensions,
  nonEmptyTextProblem,
  parseTime,
  sourceProblem,
  textProblem,
  timeProblem,
} from './attributes.ts'
import { EventInvalid, type EventIssue } from './errors.ts'
import type { EncodedEvent, HeaderPair, VeltrixEvent } from './event.ts'
import { toJson } from './json.ts'

export interface EncodeOptions {
  /** Largest payload, bytes of JSON. Default 1 MiB. */
  readonly maxBytes?: number
}

/** Default of {@link EncodeOptions.maxBytes}. */
export const defaultMaxBytes = 1024 * 1024

/**
 * Encodes `event`, checking every attribute, the key, and that JSON can carry the payload (its schema is {@link validatePayload}'s business).
 * @throws EventInvalid with every attribute that breaks its rule, or with the first place in the payload that is not JSON
 * @throws EventTooLarge
 */
export function encodeEvent(event: VeltrixEvent, options: EncodeOptions = {}): EncodedEvent {
  const constant = constantHeaders(event.type, event.source)
  const time = event.time === lastTime.text ? lastTime : momentOf(event.time)
  const idProblem = nonEmptyTextProblem(event.id)
  const wrongKey = keyProblem(event.key)
  if (!constant || !time || idProblem !== undefined || wrongKey !== undefined) throw invalidAttributes(event)
  const headers: HeaderPair[] = [...constant, [headerNames.id, event.id], time.header]
  if (event.subject !== undefined || event.extensions !== noExtensions) optionalHeaders(event, headers)
  const json = toJson(event.data, event.type, options.maxBytes ?? defaultMaxBytes)
  return { key: Buffer.from(event.key), value: Buffer.from(json), headers, timestamp: time.epochMs }
}

/** No extension attributes; sharing this one object makes encoding quicker. */
export const noExtensions: Readonly<Record<string, string>> = Object.freeze({})

interface Moment {
  readonly text: string
  readonly epochMs: number
  readonly header: HeaderPair
}

// Thousands of events share one millisecond.
let lastTime: Moment = momentAt(0)

function momentAt(epochMs: number): Moment {
  const text = new Date(epochMs).toISOString()
  return { text, epochMs, header: [headerNames.time, text] }
}

function momentOf(text: string): Moment | undefined {
  const epochMs = typeof text === 'string' ? parseTime(text) : undefined
  return epochMs === undefined ? undefined : { text, epochMs, header: [headerNames.time, text] }
}

/** The clock's time as RFC 3339 in UTC, with milliseconds. */
export function timeText(clock: Clock): string {
  const now = Math.floor(clock.now())
  if (now !== lastTime.epochMs) lastTime = momentAt(now)
  return lastTime.text
}

type ConstantHeaders = readonly [HeaderPair, HeaderPair, HeaderPair, HeaderPair]

const specVersion: HeaderPair = [headerNames.specVersion, '1.0']
const contentType: HeaderPair = [headerNames.contentType, jsonContentType]
const constantByType = new Map<string, { source: string; headers: ConstantHeaders }>()
const maxConstants = 10_000

/** Headers that only depend on type and source, made and checked once; `undefined` when one of the two is wrong. */
function constantHeaders(type: string, source: string): ConstantHeaders | undefined {
  const known = constantByType.get(type)
  if (known?.source === source) return known.headers
  if (nonEmptyTextProblem(type) !== undefined || sourceProblem(source) !== undefined) return undefined
  const headers: ConstantHeaders = [specVersion, contentType, [headerNames.source, source], [headerNames.type, type]]
  if (constantByType.size >= maxConstants) constantByType.clear()
  constantByType.set(type, { source, headers })
  return headers
}

function optionalHeaders(event: VeltrixEvent, headers: HeaderPair[]): void {
  const issues = optionalIssues(event)
  if (issues.length > 0) throw new EventInvalid(event.type, issues)
  if (event.subject !== undefined) headers.push([headerNames.subject, event.subject])
  for (const name of Object.keys(event.extensions)) headers.push([extensionHeader(name), event.extensions[name]!])
}

function optionalIssues(event: VeltrixEvent): EventIssue[] {
  const issues: EventIssue[] = []
  if (event.subject !== undefined) note(issues, 'subject', nonEmptyTextProblem(event.subject))
  if (typeof event.extensions !== 'object' || event.extensions === null || Array.isArray(event.extensions)) {
    note(issues, 'extensions', 'must be an object of names and texts')
    return issues
  }
  const names = Object.keys(event.extensions)
  if (names.length > maxExtensions)
    note(issues, 'extensions', `are ${names.length}; at most ${maxExtensions} are allowed`)
  for (const name of names.length > maxExtensions ? names.slice(0, maxExtensions) : names) {
    const wrongName = extensionNameProblem(name)
    const wrongText = textProblem(event.extensions[name], maxExtensionLength)
    if (wrongName === undefined && wrongText === undefined) continue
    const path = `extensions.${name.length > 40 ? `${name.slice(0, 40)}...` : name}`
    note(issues, path, wrongName)
    note(issues, path, wrongText)
  }
  return issues
}

function invalidAttributes(event: VeltrixEvent): EventInvalid {
  const issues: EventIssue[] = []
  note(issues, 'type', nonEmptyTextProblem(event.type))
  note(issues, 'id', nonEmptyTextProblem(event.id))
  note(issues, 'source', sourceProblem(event.source))
  note(issues, 'time', timeProblem(event.time))
  note(issues, 'key', keyProblem(event.key))
  return new EventInvalid(event.type, [...issues, ...optionalIssues(event)])
}

function note(issues: EventIssue[], path: string, message: string | undefined): void {
  if (message !== undefined) issues.push({ path, message })
}

/**
 * Dead records: the original byte for byte, with what is to be said about it in headers behind the original's own.
 * @module
 */
import type { CompiledSubscription } from '../config/index.ts'
import type { AppendRecord, LogRecord } from '../transport/index.ts'
import { deadHeaders } from './headers.ts'
import { deadReasons, type DeadReason, type Letter, type LetterKind, type LetterOrigin } from './letter.ts'
import { ListedHeaders, utf8 } from './record-headers.ts'
import { errorStory, maxStoryBytes } from './story.ts'

/**
 * What keeping adds to a record at most, in bytes, with the shortest story. An event that leaves less room than this below
 * `features.maxRecordBytes` cannot be kept, so whoever limits events subtracts it.
 */
export const letterOverheadBytes = 4096

/** Bytes counted for each header and record beside names and values: length fields of any wire format. */
const framingBytes = 16

/**
 * The record that keeps `letter` in the subscription's dead topic. Its timestamp is `deadAt`, so retention counts from
 * there; the original's is in a header.
 * @param maxRecordBytes `features.maxRecordBytes` of the log: the story is shortened to stay below it, the event never
 */
export function letterRecord(sub: CompiledSubscription, letter: Letter, maxRecordBytes = Infinity): AppendRecord {
  const { record } = letter
  const original: (readonly [string, Uint8Array])[] = [...record.headers]
  const own = ownHeaders(sub.name, { ...letter, originalTimestamp: record.timestamp, policy: sub.onDeadLetter })
  const count = String(own.length + (letter.error === undefined ? 1 : 2))
  own.push([deadHeaders.count, count])
  if (letter.error !== undefined) {
    const without = recordBytes(record.key, record.value, [...original, ...own, [deadHeaders.error, '']])
    const story = errorStory(letter.error, Math.min(maxRecordBytes - without, maxStoryBytes))
    own.splice(2, 0, [deadHeaders.error, JSON.stringify(story)])
  }
  return {
    topic: sub.deadTopic,
    partition: 0,
    key: record.key,
    value: record.value,
    headers: [...original, ...own],
    timestamp: letter.deadAt,
  }
}

type Told = Omit<Letter, 'subscription' | 'record'> & Pick<KeptLetter, 'originalTimestamp' | 'policy'>

/** Headers a letter has behind its original's own, but for story and count. */
export function ownHeaders(subscription: string, letter: Told): [string, string][] {
  return [
    [deadHeaders.kind, letter.kind],
    [deadHeaders.reason, letter.reason],
    [deadHeaders.attempts, String(letter.attempts)],
    [deadHeaders.firstAttemptAt, isoTime(letter.firstAttemptAt)],
    [deadHeaders.lastAttemptAt, isoTime(letter.lastAttemptAt)],
    [deadHeaders.at, isoTime(letter.deadAt)],
    [deadHeaders.topic, letter.origin.topic],
    [deadHeaders.partition, String(letter.origin.partition)],
    [deadHeaders.offset, String(letter.origin.offset)],
    [deadHeaders.timestamp, String(letter.originalTimestamp)],
    [deadHeaders.lane, letter.lane],
    [deadHeaders.stream, letter.stream],
    [deadHeaders.subscription, subscription],
    [deadHeaders.policy, letter.policy],
  ]
}

/** A clock that is wrong must not keep a letter from being kept. */
function isoTime(ms: number): string {
  const date = new Date(Math.floor(ms))
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString()
}

/** Size of a record as limits count it: key, value, header names and values, and a generous frame. */
export function recordBytes(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: Iterable<readonly [string, Uint8Array | string]>,
): number {
  let bytes = framingBytes * 4 + (key?.byteLength ?? 0) + (value?.byteLength ?? 0)
  for (const [name, content] of headers) {
    bytes += framingBytes + Buffer.byteLength(name)
    bytes += typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength
  }
  return bytes
}

/** A dead record taken apart. Key, value and header values are views of the record. */
export interface KeptLetter {
  readonly kind: LetterKind
  readonly reason: DeadReason
  readonly attempts: number
  readonly firstAttemptAt: number
  readonly lastAttemptAt: number
  readonly deadAt: number
  readonly origin: LetterOrigin
  readonly originalTimestamp: number
  readonly lane: string
  readonly stream: string
  readonly policy: 'continue' | 'park-key'
  /** The story as it was written. */
  readonly storyJson: string | undefined
  readonly deadOffset: number
  /** Its payload was replaced: where it lay before that. */
  readonly replacedFrom: number | undefined
  readonly bytes: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** The original's headers only. */
  readonly headers: readonly (readonly [string, Uint8Array])[]
}

/** Takes a record of the dead topic apart; a text says what is wrong with one that is no letter. */
export function readLetter(record: LogRecord): KeptLetter | string {
  const all = [...record.headers]
  const last = all.at(-1)
  if (last?.[0] !== deadHeaders.count) return `its last header is not ${deadHeaders.count}`
  const count = Number(utf8(last[1]))
  if (!Number.isSafeInteger(count) || count < 1 || count > all.length) return `${deadHeaders.count} is not a count`
  const headers = all.slice(0, all.length - count)
  const own = new Map(all.slice(all.length - count).map(([name, value]) => [name, utf8(value)]))
  return assemble(record, headers, own)
}

function assemble(
  record: LogRecord,
  headers: KeptLetter['headers'],
  own: ReadonlyMap<string, string>,
): KeptLetter | string {
  const text = (name: string): string => own.get(name) ?? ''
  const time = (name: string): number => Date.parse(text(name))
  const integer = (name: string): number => (own.has(name) ? Number(text(name)) : NaN)
  const letter: KeptLetter = {
    kind: text(deadHeaders.kind) as LetterKind,
    reason: text(deadHeaders.reason) as DeadReason,
    attempts: integer(deadHeaders.attempts),
    firstAttemptAt: time(deadHeaders.firstAttemptAt),
    lastAttemptAt: time(deadHeaders.lastAttemptAt),
    deadAt: time(deadHeaders.at),
    origin: {
      topic: text(deadHeaders.topic),
      partition: integer(deadHeaders.partition),
      offset: integer(deadHeaders.offset),
    },
    originalTimestamp: integer(deadHeaders.timestamp),
    lane: text(deadHeaders.lane),
    stream: text(deadHeaders.stream),
    policy: text(deadHeaders.policy) === 'park-key' ? 'park-key' : 'continue',
    storyJson: own.get(deadHeaders.error),
    deadOffset: record.offset,
    replacedFrom: own.has(deadHeaders.replacedFrom) ? integer(deadHeaders.replacedFrom) : undefined,
    bytes: recordBytes(record.key, record.value, record.headers as Iterable<readonly [string, Uint8Array]>),
    key: record.key,
    value: record.value,
    headers,
  }
  return problemOf(letter) ?? letter
}

function problemOf(letter: KeptLetter): string | undefined {
  if (letter.kind !== 'dead' && letter.kind !== 'parked') return `${deadHeaders.kind} is neither dead nor parked`
  if (!deadReasons.includes(letter.reason)) return `${deadHeaders.reason} is unknown`
  if (letter.origin.topic === '') return `${deadHeaders.topic} is missing`
  const numbers = {
    [deadHeaders.partition]: letter.origin.partition,
    [deadHeaders.offset]: letter.origin.offset,
    [deadHeaders.attempts]: letter.attempts,
    [deadHeaders.timestamp]: letter.originalTimestamp,
    [deadHeaders.firstAttemptAt]: letter.firstAttemptAt,
    [deadHeaders.lastAttemptAt]: letter.lastAttemptAt,
    [deadHeaders.at]: letter.deadAt,
    [deadHeaders.replacedFrom]: letter.replacedFrom ?? 0,
  }
  const wrong = Object.entries(numbers).find(([, value]) => !Number.isFinite(value))
  return wrong && `${wrong[0]} is missing or not readable`
}

/** The record as it lay in its own topic, in bytes of its own. */
export function originalRecord(letter: KeptLetter): LogRecord {
  return {
    offset: letter.origin.offset,
    timestamp: letter.originalTimestamp,
    bytes: letter.bytes,
    key: letter.key && new Uint8Array(letter.key),
    value: letter.value && new Uint8Array(letter.value),
    headers: new ListedHeaders(letter.headers.map(([name, value]) => [name, new Uint8Array(value)])),
  }
}

/**
 * A record into an event: the other direction of `encode.ts`, trusting nothing.
 * @module
 */
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
import { noExtensions } from './encode.ts'
import { EnvelopeInvalid, quoted } from './errors.ts'
import type { VeltrixEvent } from './event.ts'
import { attributePrefix, extensionHeader, headerNames, knownExtension } from './headers.ts'
import { fromJson } from './json.ts'
import { isContentType, isJsonType } from './media-type.ts'
import { isStructured, parseStructured, structuredType } from './structured.ts'
import { strictText } from './text.ts'

/** What decoding needs of a record; a transport's `LogRecord` fits. */
export interface DecodableRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Milliseconds since the epoch; the event's time when it has no `ce_time`. */
  readonly timestamp: number
  readonly headers: {
    text(name: string): string | undefined
    /** Instead of iterating, where there is one: the value as text, `undefined` when it is not UTF-8. */
    eachText?(take: (name: string, text: string | undefined) => void): void
    [Symbol.iterator](): Iterator<readonly [name: string, value: Uint8Array]>
  }
}

/** The type of the event in `record`, nothing else being read or checked; `undefined` when it has none. For passing records over quickly. */
export function eventType(record: Pick<DecodableRecord, 'headers' | 'value'>): string | undefined {
  const type = record.headers.text(headerNames.type)
  if (type !== undefined) return type
  const contentType = contentTypeOf(record.headers)
  return contentType !== undefined && isStructured(contentType) ? structuredType(record.value) : undefined
}

function contentTypeOf(headers: DecodableRecord['headers']): string | undefined {
  for (const [name, value] of headers) if (isContentType(name)) return strictText(value)
  return undefined
}

/**
 * The event in `record`, in binary or in structured content mode. A `ce_datacontenttype` or `ce_dataschema` header is kept out; other `ce_` headers become extensions.
 * @throws EnvelopeInvalid naming everything that is wrong: missing or malformed attributes, a payload that is not JSON, no key, a tombstone
 */
export function decodeEvent(record: DecodableRecord): VeltrixEvent {
  let envelope = new Envelope()
  const { headers } = record
  if (headers.eachText) headers.eachText((name, text) => envelope.take(name, text))
  else for (const [name, value] of headers) envelope.take(name, strictText(value))
  const structured = envelope.isStructured ? parseStructured(record.value) : undefined
  // What the headers say beside it is a copy.
  if (structured !== undefined) envelope = Envelope.of(structured.attributes)
  const time = envelope.time ?? defaultTime(record.timestamp)
  const key = record.key === null ? undefined : strictText(record.key)
  const problems = [...(structured?.problems ?? []), ...envelope.problems()]
  if (key === undefined) problems.push(record.key === null ? 'the record has no key' : 'the key is not UTF-8 text')
  else problem(problems, 'the key', keyProblem(key))
  const data = structured === undefined ? payload(record.value, problems) : structured.data
  if (problems.length > 0) {
    const isForeign = envelope.isEmpty && structured === undefined
    throw new EnvelopeInvalid(isForeign ? [noEnvelope, ...problems] : problems)
  }
  const { id, source, type, subject, extensions } = envelope as Required<Envelope>
  return subject === undefined
    ? { id, source, type, time, key: key!, data, extensions }
    : { id, source, type, time, subject, key: key!, data, extensions }
}

const noEnvelope = 'it has no ce_ headers at all, so it was not written as an event'

class Envelope {
  /** No header of an event was among them. */
  isEmpty = true
  id?: string
  source?: string
  type?: string
  time?: string
  subject?: string
  extensions: Record<string, string> = noExtensions
  #specVersion?: string
  #contentType?: string
  #unreadable: string[] | undefined
  #extensionCount = 0

  static of(attributes: ReadonlyMap<string, string>): Envelope {
    const envelope = new Envelope()
    for (const [name, text] of attributes) envelope.#attribute(attributePrefix + name, text)
    return envelope
  }

  get isStructured(): boolean {
    return this.#contentType !== undefined && isStructured(this.#contentType)
  }

  /** @param text `undefined` when the value is not UTF-8 */
  take(name: string, text: string | undefined): void {
    const isType = isContentType(name)
    if (!isType && !name.startsWith(attributePrefix)) return
    if (!isType) this.isEmpty = false
    if (text === undefined) this.#note(`${shownName(name)} is not UTF-8 text`)
    else if (isType) this.#contentType = text
    else this.#attribute(name, text)
  }

  #attribute(name: string, text: string): void {
    switch (name) {
      case headerNames.specVersion:
        this.#specVersion = text
        return
      case headerNames.id:
        this.id = text
        return
      case headerNames.source:
        this.source = text
        return
      case headerNames.type:
        this.type = text
        return
      case headerNames.time:
        this.time = text
        return
      case headerNames.subject:
        this.subject = text
        return
      case 'ce_datacontenttype':
      case 'ce_dataschema':
        return
      default:
        this.#extension(name, text)
    }
  }

  #extension(header: string, text: string): void {
    const known = knownExtension(header)
    const name = known ?? header.slice(attributePrefix.length)
    const wrongName = known === undefined ? extensionNameProblem(name) : undefined
    const wrong = wrongName ?? textProblem(text, maxExtensionLength)
    if (wrong !== undefined) this.#note(`${shownName(header)} ${wrong}`)
    else if (++this.#extensionCount === maxExtensions + 1) {
      this.#note(`it has more than ${maxExtensions} extension attributes`)
    } else if (this.#extensionCount <= maxExtensions) {
      // The name is checked: it cannot be `__proto__`.
      if (this.extensions === noExtensions) this.extensions = {}
      this.extensions[name] = text
      if (known === undefined) extensionHeader(name)
    }
  }

  problems(): string[] {
    const problems: string[] = []
    if (this.#specVersion === undefined) problems.push(`${headerNames.specVersion} is missing`)
    else if (this.#specVersion !== '1.0') {
      problems.push(`${headerNames.specVersion} is ${quoted(this.#specVersion)}, only "1.0" is read`)
    }
    required(problems, headerNames.id, this.id, nonEmptyTextProblem)
    required(problems, headerNames.source, this.source, knownSource)
    required(problems, headerNames.type, this.type, nonEmptyTextProblem)
    if (this.time !== undefined) problem(problems, headerNames.time, knownTime(this.time))
    if (this.subject !== undefined) problem(problems, headerNames.subject, nonEmptyTextProblem(this.subject))
    problem(problems, headerNames.contentType, contentTypeProblem(this.#contentType))
    return this.#unreadable ? [...problems, ...this.#unreadable] : problems
  }

  #note(problem: string): void {
    this.#unreadable ??= []
    if (this.#unreadable.length < 20) this.#unreadable.push(problem)
  }
}

function required(
  problems: string[],
  name: string,
  value: string | undefined,
  check: (value: string) => string | undefined,
): void {
  problem(problems, name, value === undefined ? 'is missing' : check(value))
}

function problem(problems: string[], name: string, message: string | undefined): void {
  if (message !== undefined) problems.push(`${name} ${message}`)
}

// Neighbouring records share source and, mostly, time: their regular expressions are not run again.
let goodSource = ''
let goodTime = ''

function knownSource(source: string): string | undefined {
  if (source === goodSource) return undefined
  const wrong = sourceProblem(source)
  if (wrong === undefined) goodSource = source
  return wrong
}

function knownTime(time: string): string | undefined {
  if (time === goodTime) return undefined
  const wrong = timeProblem(time)
  if (wrong === undefined) goodTime = time
  return wrong
}

function contentTypeProblem(value: string | undefined): string | undefined {
  return value === undefined || isJsonType(value) ? undefined : `is ${quoted(value)}, only JSON is read`
}

/** @param problems gets what is wrong with it */
export function payload(value: Uint8Array | null, problems: string[]): unknown {
  if (value === null) {
    problems.push('the value is null (a tombstone), not a payload')
    return undefined
  }
  try {
    return fromJson(value)
  } catch (error) {
    problems.push(`the payload ${(error as Error).message}`)
    return undefined
  }
}

/** The moment of a record as an event's time. */
export function defaultTime(timestamp: number): string {
  // Outside what a Date can hold there is nothing better to say than the epoch.
  return new Date(Math.abs(timestamp) <= 8.64e15 ? timestamp : 0).toISOString()
}

function shownName(name: string): string {
  return quoted(name).slice(1, -1)
}

/** The moment an event happened, milliseconds since the epoch; `undefined` when its `time` is not RFC 3339. */
export function eventTimeMs(event: Pick<VeltrixEvent, 'time'>): number | undefined {
  return parseTime(event.time)
}

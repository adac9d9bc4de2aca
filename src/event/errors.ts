/**
 * What can be wrong with an event: on its way in (payload, attributes) or as read from the log (envelope).
 * @module
 */
import { VeltrixError } from '../errors.ts'
import { nearestName } from './nearest-name.ts'

/** One thing wrong with an event. */
export interface EventIssue {
  /** Where: `data.lines[0].price` in the payload, `key`, `id`, `source`, `time`, `subject` or `extensions.<name>` beside it. */
  readonly path: string
  readonly message: string
}

/** How many issues a message spells out; `issues` has all. */
const shownIssues = 8

/**
 * Thrown when a payload does not match its schema or is not JSON, or an attribute or the key breaks its rule.
 * The event was not published.
 */
export class EventInvalid extends VeltrixError {
  readonly code = 'VLX_EVENT_INVALID'
  readonly retryable = false
  /** CloudEvents type of the event. */
  readonly type: string
  readonly issues: readonly EventIssue[]

  constructor(type: string, issues: readonly EventIssue[], options?: ErrorOptions) {
    const shown = issues.slice(0, shownIssues).map((issue) => `${issue.path}: ${issue.message}`)
    if (issues.length > shownIssues) shown.push(`and ${issues.length - shownIssues} more`)
    super(`Event ${quoted(type)} is not valid. ${shown.join('; ')}.`, options)
    this.type = type
    this.issues = issues
  }
}

/** Thrown when an event's payload is larger than `publisher.maxEventBytes`. The event was not published. */
export class EventTooLarge extends VeltrixError {
  readonly code = 'VLX_EVENT_TOO_LARGE'
  readonly retryable = false
  readonly type: string
  /** Bytes of the payload as JSON; a lower bound when counting stopped early. */
  readonly bytes: number
  readonly limitBytes: number

  constructor(type: string, bytes: number, limitBytes: number) {
    super(
      `The payload of event ${quoted(type)} has at least ${bytes} bytes of JSON; publisher.maxEventBytes allows ${limitBytes}. ` +
        'Publish a reference to the payload instead, or raise the limit.',
    )
    this.type = type
    this.bytes = bytes
    this.limitBytes = limitBytes
  }
}

/** Thrown when an event is published whose type the typed file does not declare. */
export class EventUnknownType extends VeltrixError {
  readonly code = 'VLX_EVENT_UNKNOWN_TYPE'
  readonly retryable = false
  readonly type: string
  readonly knownTypes: readonly string[]

  constructor(type: unknown, knownTypes: Iterable<string>) {
    const known = [...knownTypes]
    const near = typeof type === 'string' ? nearestName(type, known) : undefined
    const hint = near ? ` Did you mean ${quoted(near)}?` : ''
    super(
      `No stream declares the event type ${quoted(type)}.${hint} Declared: ${listed(known)}. Add it to a stream's \`events\`.`,
    )
    this.type = String(type)
    this.knownTypes = known
  }
}

/** Thrown when a record read from the log is not a CloudEvent in Kafka binary mode with a JSON payload. */
export class EnvelopeInvalid extends VeltrixError {
  readonly code = 'VLX_ENVELOPE_INVALID'
  readonly retryable = false
  /** Every problem found, naming the header (or `key`, `value`). */
  readonly problems: readonly string[]

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(
      `The record is not an event that can be read: ${problems.join('; ')}. ` +
        'Its producer must send a CloudEvent with a key, in Kafka binary mode (ce_ headers, content-type application/json) or structured mode (application/cloudevents+json), or the stream adopts such records (foreign: { adopt: type }).',
      options,
    )
    this.problems = problems
  }
}

/** `value` between quotation marks, control characters escaped, cut to what fits a message. */
export function quoted(value: unknown): string {
  if (typeof value !== 'string') return `(${value === null ? 'null' : typeof value})`
  const text = value.length > 80 ? `${value.slice(0, 77)}...` : value
  return JSON.stringify(text)
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  const shown = names.slice(0, 20).map(quoted).join(', ')
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown
}

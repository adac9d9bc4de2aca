/**
 * What a client is told when something is not taken: problem details (RFC 9457) of stable types, listed in docs/reference/gateway.md.
 * @module
 */
import { isVeltrixError, type ErrorCode } from '../errors.ts'
import type { EventIssue } from '../event/index.ts'

/** Every problem by its name, the last part of its `type`. */
export const problemTypes = {
  'request-malformed': { status: 400, title: 'The request is not HTTP that can be read' },
  'body-invalid': { status: 400, title: 'The body cannot be read as JSON' },
  'cloudevent-invalid': { status: 400, title: 'The request is not a CloudEvent' },
  'event-invalid': { status: 400, title: 'The event does not hold to its schema or rules' },
  'event-type-unknown': { status: 400, title: 'No stream declares this type of event' },
  'query-invalid': { status: 400, title: 'A parameter of the request is not understood' },
  'not-authenticated': { status: 401, title: 'The request does not say who sends it, or not rightly' },
  'not-allowed': { status: 403, title: 'Who sends the request may not do that' },
  'host-refused': { status: 403, title: 'The request names another host' },
  'not-found': { status: 404, title: 'There is nothing at this path' },
  'method-not-allowed': { status: 405, title: 'This path does not take the method' },
  'not-acceptable': { status: 406, title: 'The answer is not in a form that is accepted' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'id-in-flight': { status: 409, title: 'An event of this source and id is just being stored' },
  'body-inflates': { status: 413, title: 'The compressed body becomes too many times as large' },
  'too-large': { status: 413, title: 'The request or the event is too large' },
  'too-many-values': { status: 413, title: 'The event has too many values' },
  'media-type-unsupported': { status: 415, title: 'The body is in a form that is not taken' },
  'encoding-unsupported': { status: 415, title: 'The body is compressed in a way that is not taken' },
  'id-conflict': { status: 422, title: 'Another event was published under this source and id' },
  'rate-limited': { status: 429, title: 'The publisher sends more events of this lane than it may' },
  'headers-too-large': { status: 431, title: 'The headers of the request are too large' },
  internal: { status: 500, title: 'The gateway failed' },
  overloaded: { status: 503, title: 'There is no room for the event now' },
  unavailable: { status: 503, title: 'The log cannot be written now' },
  'access-unavailable': { status: 503, title: 'Who sends the request cannot be found out now' },
  'outcome-unknown': { status: 503, title: 'Whether the event is stored is unknown' },
} as const

export type ProblemName = keyof typeof problemTypes

/** Body of a refusal, `application/problem+json`. */
export interface Problem {
  /** `urn:veltrix:problem:<name>` */
  readonly type: string
  readonly title: string
  readonly status: number
  /** What is wrong with this request, and the way out. */
  readonly detail: string
  /** Of the error behind it; docs/errors.md says more. */
  readonly code?: ErrorCode
  /** What is wrong with an event, by path. */
  readonly issues?: readonly EventIssue[]
  /** When it is worth trying again, where that is known better than "soon". Seconds. */
  readonly retryAfterSeconds?: number
}

export function problemOf(
  name: ProblemName,
  detail: string,
  more: Pick<Problem, 'code' | 'issues' | 'retryAfterSeconds'> = {},
): Problem {
  const { status, title } = problemTypes[name]
  return { type: `urn:veltrix:problem:${name}`, title, status, detail, ...more }
}

const byCode: Partial<Record<ErrorCode, ProblemName>> = {
  VLX_EVENT_INVALID: 'event-invalid',
  VLX_EVENT_UNKNOWN_TYPE: 'event-type-unknown',
  VLX_EVENT_TOO_LARGE: 'too-large',
  VLX_RECORD_TOO_LARGE: 'too-large',
  VLX_ID_CONFLICT: 'id-conflict',
  VLX_PUBLISHER_OVERLOADED: 'overloaded',
  VLX_PUBLISH_UNKNOWN: 'outcome-unknown',
  VLX_PUBLISHER_CLOSED: 'unavailable',
  VLX_LOG_CLOSED: 'unavailable',
  VLX_LOG_FULL: 'unavailable',
  VLX_LOG_UNAVAILABLE: 'unavailable',
  VLX_LOG_UNWRITABLE: 'unavailable',
  VLX_TOPIC_UNKNOWN: 'unavailable',
  VLX_TOPICS_MISSING: 'unavailable',
  VLX_NOT_AUTHENTICATED: 'unavailable',
  VLX_NOT_AUTHORIZED: 'unavailable',
}

/** The problem that an error is. What is not ours is `internal`, and its message stays here: it may say too much. */
export function problemOfError(error: unknown): Problem {
  if (!isVeltrixError(error)) return problemOf('internal', 'The gateway failed; its own log says why.')
  const { code, message } = error
  const { issues, problem } = error as { readonly issues?: readonly EventIssue[]; readonly problem?: ProblemName }
  const name = code === 'VLX_REQUEST_REFUSED' ? problem! : (byCode[code] ?? 'internal')
  const listed = issues === undefined || issues.length === 0 ? {} : { issues: issues.slice(0, maxIssues) }
  // What is wrong with the log is for those who run it.
  const detail = name === 'unavailable' || name === 'internal' ? problemTypes[name].title : message
  return problemOf(name, detail, { code, ...listed })
}

const maxIssues = 20

/** Seconds after which it is worth trying again; `undefined` where it is not. */
export function retryAfterSeconds({ status, retryAfterSeconds: known }: Problem): number | undefined {
  return known ?? (status === 503 || status === 409 ? 1 : undefined)
}

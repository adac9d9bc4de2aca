/**
 * What the dashboard's server refuses, as problem details (RFC 9457).
 * @module
 */
import { isVeltrixError, type ErrorCode } from '../errors.ts'
import type { EventIssue } from '../event/index.ts'

/** By name; the type of a problem is `urn:veltrix:problem:<name>`. */
export const problemTypes = {
  'query-invalid': { status: 400, title: 'A parameter of the request is not understood' },
  'body-invalid': { status: 400, title: 'The body of the request is not understood' },
  'filter-invalid': { status: 400, title: 'The filter is not CEL, or cannot be asked' },
  'event-invalid': { status: 400, title: 'The event does not hold to its schema or rules' },
  'not-authenticated': { status: 401, title: 'The request shows no session, token or key that is known' },
  'not-allowed': { status: 403, title: 'This session may not do that' },
  'host-refused': { status: 403, title: 'The request names another host' },
  'origin-refused': { status: 403, title: 'The request comes from another web page' },
  'header-missing': { status: 403, title: 'The request lacks the header x-veltrix-dashboard' },
  'read-only': { status: 403, title: 'This dashboard changes nothing' },
  'not-found': { status: 404, title: 'There is nothing here' },
  elsewhere: { status: 409, title: 'The application does not run in this process' },
  conflict: { status: 409, title: 'It is not in a state for that' },
  'too-large': { status: 413, title: 'The request is too large' },
  'media-type-unsupported': { status: 415, title: 'The body is in a form that is not taken' },
  internal: { status: 500, title: 'The dashboard failed' },
  overloaded: { status: 503, title: 'There is no room for that now' },
  unavailable: { status: 503, title: 'The log cannot be read or written now' },
} as const

export type ProblemName = keyof typeof problemTypes

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** Of the error behind it; docs/errors.md says more. */
  readonly code?: ErrorCode
  /** What is wrong with an event, by path. */
  readonly issues?: readonly EventIssue[]
}

export function problemOf(name: ProblemName, detail: string, more: Pick<Problem, 'code' | 'issues'> = {}): Problem {
  const { status, title } = problemTypes[name]
  return { type: `urn:veltrix:problem:${name}`, title, status, detail, ...more }
}

const byCode: Partial<Record<ErrorCode, ProblemName>> = {
  VLX_EVENT_INVALID: 'event-invalid',
  VLX_EVENT_UNKNOWN_TYPE: 'event-invalid',
  VLX_EVENT_TOO_LARGE: 'too-large',
  VLX_RECORD_TOO_LARGE: 'too-large',
  VLX_ID_CONFLICT: 'conflict',
  VLX_DEAD_LETTER_UNKNOWN: 'not-found',
  VLX_DEAD_LETTER_BEHIND_PARKED: 'conflict',
  VLX_DEAD_LETTER_REQUEST_INVALID: 'query-invalid',
  VLX_OFFSET_OUT_OF_RANGE: 'not-found',
  VLX_TOPIC_UNKNOWN: 'not-found',
  VLX_ALREADY_STARTED: 'conflict',
  VLX_HANDLER_INVALID: 'query-invalid',
  VLX_PUBLISHER_OVERLOADED: 'overloaded',
  VLX_PUBLISH_UNKNOWN: 'unavailable',
  VLX_PUBLISHER_CLOSED: 'unavailable',
  VLX_LOG_CLOSED: 'unavailable',
  VLX_LOG_FULL: 'unavailable',
  VLX_LOG_UNAVAILABLE: 'unavailable',
  VLX_LOG_UNWRITABLE: 'unavailable',
  VLX_TOPICS_MISSING: 'unavailable',
  VLX_NOT_AUTHENTICATED: 'unavailable',
  VLX_NOT_AUTHORIZED: 'unavailable',
}

/** The problem that an error is. The message of what is not ours stays here: it may say too much. */
export function problemOfError(error: unknown): Problem {
  if (isVeltrixError(error)) {
    const { code, message } = error
    const { issues, problem } = error as { readonly issues?: readonly EventIssue[]; readonly problem?: ProblemName }
    const name = code === 'VLX_DASHBOARD_REFUSED' ? problem! : (byCode[code] ?? 'internal')
    // Who operates it may know what is wrong with the log.
    const detail = name === 'internal' ? problemTypes.internal.title : message
    return problemOf(name, detail, { code, ...(issues?.length ? { issues: issues.slice(0, 20) } : {}) })
  }
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return problemOf('too-large', 'The body is larger than what is taken.')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return problemOf('media-type-unsupported', 'Send application/json.')
  if (typeof code === 'string' && code.startsWith('FST_ERR_CTP_')) return problemOf('body-invalid', String(message))
  if (error instanceof SyntaxError) return problemOf('body-invalid', `It is not JSON: ${error.message}`)
  return problemOf('internal', 'The dashboard failed; its own log says why.')
}

/**
 * What goes wrong before a request reaches its route: in Node's parser, or in Fastify.
 * @module
 */
import { isVeltrixError } from '../errors.ts'
import { problemOf, problemOfError, type Problem, type ProblemName } from './problems.ts'

/** The problem of whatever a route or Fastify threw. */
export function problemOfFailure(error: unknown): Problem {
  if (isVeltrixError(error)) return problemOfError(error)
  const { code, statusCode } = error as { readonly code?: string; readonly statusCode?: number }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return problemOf('too-large', 'The body is larger than the gateway takes.')
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return problemOf('request-malformed', 'The request cannot be read: its length, its type or its path is wrong.')
  }
  return problemOfError(error)
}

const byCode: Readonly<Record<string, ProblemName>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** The answer to what is no HTTP request, by the code of Node's error. */
export function malformedAnswer(code: string | undefined): { readonly status: number; readonly text: string } {
  const problem = problemOf(
    byCode[code ?? ''] ?? 'request-malformed',
    'The request is not taken, and the connection is closed.',
  )
  const body = JSON.stringify(problem)
  const text =
    `HTTP/1.1 ${problem.status} Refused\r\ncontent-type: application/problem+json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  return { status: problem.status, text }
}

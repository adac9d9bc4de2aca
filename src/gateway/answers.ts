/**
 * Answers over HTTP: to one event, to a batch, and refusals.
 * @module
 */
import type { FastifyReply } from 'fastify'
import { encodings } from './content-encoding.ts'
import type { Result } from './intake.ts'
import { problemOf, retryAfterSeconds, type Problem } from './problems.ts'

export function answer(reply: FastifyReply, result: Result): unknown {
  if ('problem' in result) return refuse(reply, result.problem)
  if (result.replayed) void reply.header('idempotency-replayed', 'true')
  void reply.status(202)
  return result.accepted
}

export function answerBatch(reply: FastifyReply, all: readonly Result[]): unknown {
  const results = all.map((result, index) =>
    'problem' in result
      ? { index, status: result.problem.status, problem: result.problem }
      : { index, status: 202, ...result.accepted, ...(result.replayed ? { replayed: true } : {}) },
  )
  const refused = results.filter(({ status }) => status !== 202).length
  void reply.status(refused === 0 ? 202 : 207)
  const seconds = all.flatMap((result) => ('problem' in result ? (retryAfterSeconds(result.problem) ?? []) : []))
  if (seconds.length > 0) void reply.header('retry-after', String(Math.max(...seconds)))
  return { accepted: results.length - refused, refused, results }
}

const encodingUnsupported = problemOf('encoding-unsupported', '').type

export function refuse(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="veltrix"')
  const seconds = retryAfterSeconds(problem)
  if (seconds !== undefined) void reply.header('retry-after', String(seconds))
  if (problem.type === encodingUnsupported) void reply.header('accept-encoding', encodings)
  return reply.status(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

/**
 * From a request that posts to an answer: its body is read and checked, and what its sender may publish is published.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answered } from './answered.ts'
import { answer, answerBatch } from './answers.ts'
import type { Bodies } from './bodies.ts'
import { batchEvents, binaryEvent, contentMode, structuredEvent, type ReceivedEvent } from './cloud-events.ts'
import type { Connections } from './connections.ts'
import { RequestRefused } from './errors.ts'
import type { Guard } from './guard.ts'
import type { Intake } from './intake.ts'
import { jsonBody } from './json-body.ts'
import { bytesPerMark } from './load-options.ts'
import type { Held } from './memory.ts'
import { carrying, traceOf } from './request-calls.ts'
import type { Turns } from './turns.ts'

export interface PostsParts {
  readonly guard: Guard
  readonly bodies: Bodies
  readonly intake: Intake
  readonly connections: Connections
  readonly answered: Answered
  readonly turns: Turns
}

export interface PostsOptions {
  /** Of plain JSON, where its sender has none of its own. */
  readonly source: string
  readonly maxBatchEvents: number
}

export class Posts {
  readonly #parts: PostsParts
  readonly #options: PostsOptions

  constructor(parts: PostsParts, options: PostsOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** `POST /events`: CloudEvents in any mode. */
  async events(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { rawHeaders } = request.raw
    const mode = contentMode(request.headers['content-type'])
    const type = mode === 'binary' ? request.headers['ce-type'] : undefined
    return this.#withBody(request, reply, type, async (body, held) => {
      const weigh = weighing(held)
      if (mode === 'batch') {
        const events = batchEvents(body, rawHeaders, this.#options.maxBatchEvents, weigh)
        return this.#batch(events, request, reply, held)
      }
      const event =
        mode === 'structured' ? structuredEvent(body, rawHeaders, weigh) : binaryEvent(rawHeaders, body, weigh)
      return this.#one(event, request, reply, held)
    })
  }

  /** `POST /events/{type}`, plain JSON: the gateway makes the event. What signs the request names its id, or an `Idempotency-Key`. */
  async plain(request: FastifyRequest<{ Params: { type: string } }>, reply: FastifyReply): Promise<unknown> {
    const { type } = request.params
    if (contentMode(request.headers['content-type']) !== 'binary') {
      throw new RequestRefused('media-type-unsupported', 'This path takes plain JSON; CloudEvents go to POST /events.')
    }
    const { guard } = this.#parts
    const key = guard.signedId(request) ?? request.headers['idempotency-key']
    const id = typeof key === 'string' ? key.replace(/^"(.*)"$/, '$1') : randomUUID()
    return this.#withBody(request, reply, type, (body, held) => {
      const source = guard.identity(request)?.source ?? this.#options.source
      return this.#one({ id, source, type, data: jsonBody(body, weighing(held)) }, request, reply, held)
    })
  }

  /** @param type as far as it is known before the body is read */
  #withBody(
    request: FastifyRequest,
    reply: FastifyReply,
    type: string | string[] | undefined,
    take: (body: Buffer, held: Held) => Promise<unknown>,
  ): Promise<unknown> {
    const { guard, bodies, intake, connections, turns } = this.#parts
    const { raw } = request
    const urgency = typeof type === 'string' ? intake.urgencyOf([type]) : 'unread'
    return bodies.use(raw, urgency, async (body, held) => {
      connections.arrived(raw, reply.raw)
      if (urgency !== 'most-urgent') reply.raw.once('close', turns.take(raw.socket, body.length))
      guard.verify(request, body)
      return take(body, held)
    })
  }

  async #one(event: ReceivedEvent, request: FastifyRequest, reply: FastifyReply, held: Held): Promise<unknown> {
    const { guard, intake, answered } = this.#parts
    answered.about(request, intake.laneOf(event.type))
    guard.check(request, event)
    held.become(intake.urgencyOf([event.type]))
    const traced = carrying(event, traceOf(request))
    return answer(reply, await intake.one(traced, this.#publisherOf(request)))
  }

  async #batch(
    events: readonly (ReceivedEvent | RequestRefused)[],
    request: FastifyRequest,
    reply: FastifyReply,
    held: Held,
  ): Promise<unknown> {
    const { guard, intake } = this.#parts
    const allowed = guard.allowedOf(request, events)
    held.become(intake.urgencyOf(allowed.flatMap((event) => ('type' in event ? [event.type] : []))))
    const trace = traceOf(request)
    const traced = allowed.map((event) => ('type' in event ? carrying(event, trace) : event))
    return answerBatch(reply, await intake.many(traced, this.#publisherOf(request)))
  }

  /** Whose events are counted together. No address can look like a name, which begins with its kind. */
  #publisherOf(request: FastifyRequest): string {
    return this.#parts.guard.identity(request)?.name ?? request.ip
  }
}

/** Values take memory beside their text. */
function weighing(held: Held): (marks: number) => void {
  return (marks) => held.grow(marks * bytesPerMark)
}

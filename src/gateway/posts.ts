/**
 * From a request that posts to an answer: its body is read and checked, and what its sender may publish is published.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Addresses } from './addresses.ts'
import type { Answered } from './answered.ts'
import { answer, answerBatch } from './answers.ts'
import type { Clock } from '../clock.ts'
import type { Bodies, BodyWanted } from './bodies.ts'
import {
  batchEvents,
  binaryEvent,
  contentMode,
  structuredEvent,
  type ContentMode,
  type ReceivedEvent,
} from './cloud-events.ts'
import type { Connections } from './connections.ts'
import { RequestRefused } from './errors.ts'
import type { Guard } from './guard.ts'
import type { Intake } from './intake.ts'
import { jsonBody, type JsonLimits } from './json-body.ts'
import { bytesPerMark } from './load-options.ts'
import type { Held } from './memory.ts'
import { carrying, traceOf } from './request-calls.ts'
import type { Turns } from './turns.ts'

export interface PostsParts {
  readonly addresses: Addresses
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
  /** Of one body, in any mode. */
  readonly maxBodyBytes: number
  /** Of the payload of one event. */
  readonly maxEventBytes: number
  readonly maxEventValues: number
  readonly maxBatchEvents: number
  readonly clock: Clock
}

/** Room for attributes beside a payload. */
const attributesBytes = 64 * 1024

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
    return this.#withBody(request, reply, this.#wanted(mode, type), async (body, held) => {
      const limits = this.#limits(held)
      if (mode === 'batch') {
        const { maxBatchEvents, clock } = this.#options
        const listLimits = { ...limits, maxEntries: maxBatchEvents, maxBytes: this.#maxBytes('structured'), clock }
        return this.#batch(await batchEvents(body, rawHeaders, listLimits), request, reply, held)
      }
      const event =
        mode === 'structured' ? structuredEvent(body, rawHeaders, limits) : binaryEvent(rawHeaders, body, limits)
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
    return this.#withBody(request, reply, this.#wanted('binary', type), (body, held) => {
      const source = guard.identity(request)?.source ?? this.#options.source
      return this.#one({ id, source, type, data: jsonBody(body, this.#limits(held)) }, request, reply, held)
    })
  }

  /** @param type as far as it is known before the body is read */
  #wanted(mode: ContentMode, type: string | string[] | undefined): BodyWanted {
    const urgency = typeof type === 'string' ? this.#parts.intake.urgencyOf([type]) : 'unread'
    return { urgency, maxBytes: this.#maxBytes(mode) }
  }

  /** A body with one event need not be larger than an event: what is, is refused before it is read, and never parsed. */
  #maxBytes(mode: ContentMode): number {
    const { maxBodyBytes, maxEventBytes } = this.#options
    if (mode === 'batch') return maxBodyBytes
    // Base64 makes 4 bytes of 3.
    const eventBytes = mode === 'binary' ? maxEventBytes : Math.ceil((maxEventBytes * 4) / 3) + attributesBytes
    return Math.min(maxBodyBytes, eventBytes)
  }

  #limits(held: Held): JsonLimits {
    return { maxValues: this.#options.maxEventValues, weigh: weighing(held) }
  }

  #withBody(
    request: FastifyRequest,
    reply: FastifyReply,
    wanted: BodyWanted,
    take: (body: Buffer, held: Held) => Promise<unknown>,
  ): Promise<unknown> {
    const { guard, bodies, connections, turns } = this.#parts
    const { raw } = request
    return bodies.use(raw, wanted, async (body, held) => {
      connections.arrived(raw, reply.raw)
      if (wanted.urgency !== 'most-urgent') reply.raw.once('close', turns.take(raw.socket, body.length))
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
    const { guard, addresses } = this.#parts
    return guard.identity(request)?.name ?? addresses.of(request.raw)
  }
}

/** Values take memory beside their text. */
function weighing(held: Held): (marks: number) => void {
  return (marks) => held.grow(marks * bytesPerMark)
}

/**
 * The HTTP server: what comes in is read, published, and answered when it is durable.
 * @module
 */
import { randomUUID } from 'node:crypto'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { systemClock, type Clock } from '../clock.ts'
import { Admission } from './admission.ts'
import { answer, answerBatch, refuse } from './answers.ts'
import { Bodies } from './bodies.ts'
import { batchEvents, binaryEvent, contentMode, structuredEvent, type ReceivedEvent } from './cloud-events.ts'
import { Connections } from './connections.ts'
import { problemOfFailure } from './failures.ts'
import { GatewayAddressInvalid, GatewayExposed, RequestRefused } from './errors.ts'
import { Intake, type Publishing } from './intake.ts'
import { jsonBody } from './json-body.ts'
import { bytesPerMark, checkLoadOptions, loadDefaults, type LoadOptions } from './load-options.ts'
import { LogBreaker } from './log-breaker.ts'
import { isLoopback, isLoopbackHostHeader } from './loopback.ts'
import { Memory, type Held } from './memory.ts'
import { openApi } from './openapi.ts'
import { problemOf } from './problems.ts'
import { RateLimiter } from './rate-limits.ts'
import { listedTypes } from './types-listing.ts'

/** What a gateway publishes to. An `App` is one. */
export type GatewayApp = Publishing & { open(): Promise<unknown> }

export interface GatewayOptions extends LoadOptions {
  /** Where to listen; only loopback addresses. Default `127.0.0.1`. */
  readonly host?: string
  /** 0 takes a free one. Default 4680. */
  readonly port?: number
  /** Hears of failures that are the gateway's own. */
  readonly onFailure?: (error: unknown) => void
  /** Default the machine's time. Node's own limits on slow requests go by that in any case. */
  readonly clock?: Clock
}

const defaults = { ...loadDefaults, host: '127.0.0.1', port: 4680, clock: systemClock }

const maxHeaderBytes = 16 * 1024

export interface Gateway {
  /** Opens the log and listens; resolves to its address, `http://127.0.0.1:4680`. @throws GatewayExposed, GatewayAddressInvalid, and the transport's errors */
  start(): Promise<string>
  /** From now on `/readyz` answers 503, so that a balancer sends nothing more; what comes is still taken, and its connection closed. */
  unready(): void
  /** Takes no more connections, answers what is under way, resolves. The app stays open. Idempotent. */
  close(): Promise<void>
}

/** A gateway for `app`; it listens after `start()`. @throws GatewayExposed, GatewayOptionInvalid */
export function createGateway(app: GatewayApp, options: GatewayOptions = {}): Gateway {
  return new HttpGateway(app, options)
}

type Settings = Required<Omit<GatewayOptions, 'onFailure'>> & Pick<GatewayOptions, 'onFailure'>

class HttpGateway implements Gateway {
  readonly #app: GatewayApp
  readonly #settings: Settings
  readonly #server: FastifyInstance
  readonly #intake: Intake
  readonly #bodies: Bodies
  readonly #breaker: LogBreaker
  readonly #connections = new Connections()
  #state: 'starting' | 'ready' | 'unready' = 'starting'
  #closing: Promise<void> | undefined

  constructor(app: GatewayApp, options: GatewayOptions) {
    this.#app = app
    this.#settings = { ...defaults, ...options }
    const { host, maxInFlightEvents, maxInFlightBytes, urgentReserve, clock } = this.#settings
    const { rateLimits, logStallMs, onFailure = () => {} } = this.#settings
    if (!isLoopback(host)) throw new GatewayExposed(host)
    checkLoadOptions(this.#settings, app.config)
    this.#breaker = new LogBreaker({ clock, stallMs: logStallMs })
    const admission = new Admission(maxInFlightEvents, urgentReserve)
    const rates = new RateLimiter(rateLimits, clock)
    this.#intake = new Intake(app, { rates, breaker: this.#breaker, admission }, onFailure)
    this.#bodies = new Bodies(this.#settings, new Memory(maxInFlightBytes, urgentReserve))
    this.#server = this.#makeServer()
  }

  async start(): Promise<string> {
    const { host, port } = this.#settings
    await this.#app.open()
    try {
      const address = await this.#server.listen({ host, port })
      this.#state = 'ready'
      return address
    } catch (error) {
      throw new GatewayAddressInvalid(host, port, error)
    }
  }

  unready(): void {
    this.#state = 'unready'
  }

  close(): Promise<void> {
    this.#state = 'unready'
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { clock, requestTimeoutMs } = this.#settings
    const closed = this.#connections.cutOff(clock, requestTimeoutMs)
    await this.#server.close()
    closed()
  }

  #makeServer(): FastifyInstance {
    const { maxConnections, headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = this.#settings
    const headersTimeout = Math.min(headersTimeoutMs, requestTimeoutMs)
    const server = fastify({
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      // Node looks every 30 s by default, and would cut off nobody before.
      http: {
        maxHeaderSize: maxHeaderBytes,
        headersTimeout,
        connectionsCheckingInterval: Math.min(1_000, headersTimeout),
      },
      forceCloseConnections: 'idle',
      return503OnClosing: false,
      // The header named by a client is nobody's id here.
      requestIdHeader: false,
      clientErrorHandler: this.#connections.refuse,
    })
    this.#connections.watch(server.server, maxConnections)
    server.removeAllContentTypeParsers()
    // `Bodies` reads it, when it is known that it is wanted.
    server.addContentTypeParser('*', (_request, body, done) => done(null, body))
    server.addHook('onRequest', async (request) => checkHost(request))
    server.addHook('onSend', async (request, reply) => {
      this.#connections.answering(request.raw)
      // A connection that is kept would hold up the end, and its client is to go to another gateway.
      if (this.#state === 'unready') void reply.header('connection', 'close')
    })
    server.setErrorHandler((error, _request, reply) => {
      const problem = problemOfFailure(error)
      if (problem.status === 500) this.#settings.onFailure?.(error)
      return refuse(reply, problem)
    })
    this.#routes(server)
    return server
  }

  #routes(server: FastifyInstance): void {
    server.post('/events', (request, reply) => this.#events(request, reply))
    server.post<{ Params: { type: string } }>('/events/:type', (request, reply) => this.#plain(request, reply))
    // The typed file does not change while it runs.
    const types = { types: listedTypes(this.#app.config) }
    const description = openApi(this.#app.config)
    server.get('/events/types', () => types)
    server.get('/openapi.json', () => description)
    server.get('/livez', () => ({ status: 'ok' }))
    server.get('/startupz', (_request, reply) => this.#health(reply, this.#state !== 'starting'))
    server.get('/readyz', (_request, reply) => {
      // Not 503 while the log is away: docs/decisions/022-a-gateway-under-load.md.
      return { ...this.#health(reply, this.#state === 'ready'), log: this.#breaker.isOpen ? 'unavailable' : 'ok' }
    })
    const methods = new Map([
      ['/events', 'POST'],
      ['/events/types', 'GET, POST'],
    ])
    server.setNotFoundHandler((request, reply) => {
      const path = request.url.split('?', 1)[0]!
      const allowed = methods.get(path)
      if (allowed === undefined)
        return refuse(reply, problemOf('not-found', 'POST /events, POST /events/{type}, GET /events/types.'))
      void reply.header('allow', allowed)
      return refuse(reply, problemOf('method-not-allowed', `It takes ${allowed}.`))
    })
  }

  #health(reply: FastifyReply, isWell: boolean): object {
    if (!isWell) void reply.status(503)
    return { status: isWell ? 'ok' : this.#state }
  }

  async #events(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { rawHeaders } = request.raw
    const mode = contentMode(request.headers['content-type'])
    const type = mode === 'binary' ? request.headers['ce-type'] : undefined
    return this.#withBody(request, reply, type, async (body, held) => {
      const weigh = weighing(held)
      if (mode === 'batch') {
        const events = batchEvents(body, rawHeaders, this.#settings.maxBatchEvents, weigh)
        return this.#batch(events, request, reply, held)
      }
      const event =
        mode === 'structured' ? structuredEvent(body, rawHeaders, weigh) : binaryEvent(rawHeaders, body, weigh)
      return this.#one(event, request, reply, held)
    })
  }

  /** Plain JSON: the gateway makes the event. An `Idempotency-Key` is its id. */
  async #plain(request: FastifyRequest<{ Params: { type: string } }>, reply: FastifyReply): Promise<unknown> {
    const { type } = request.params
    if (contentMode(request.headers['content-type']) !== 'binary') {
      throw new RequestRefused('media-type-unsupported', 'This path takes plain JSON; CloudEvents go to POST /events.')
    }
    const key = request.headers['idempotency-key']
    const id = typeof key === 'string' ? key.replace(/^"(.*)"$/, '$1') : randomUUID()
    return this.#withBody(request, reply, type, (body, held) => {
      const event = { id, source: this.#app.config.source, type, data: jsonBody(body, weighing(held)) }
      return this.#one(event, request, reply, held)
    })
  }

  /** @param type as far as it is known before the body is read */
  #withBody(
    { raw }: FastifyRequest,
    reply: FastifyReply,
    type: string | string[] | undefined,
    take: (body: Buffer, held: Held) => Promise<unknown>,
  ): Promise<unknown> {
    const urgency = typeof type === 'string' ? this.#intake.urgencyOf([type]) : 'unread'
    return this.#bodies.use(raw, urgency, async (body, held) => {
      this.#connections.arrived(raw, reply.raw)
      return take(body, held)
    })
  }

  async #one(event: ReceivedEvent, request: FastifyRequest, reply: FastifyReply, held: Held): Promise<unknown> {
    held.become(this.#intake.urgencyOf([event.type]))
    return answer(reply, await this.#intake.one(event, publisherOf(request)))
  }

  async #batch(
    events: readonly (ReceivedEvent | RequestRefused)[],
    request: FastifyRequest,
    reply: FastifyReply,
    held: Held,
  ): Promise<unknown> {
    held.become(this.#intake.urgencyOf(events.flatMap((event) => ('type' in event ? [event.type] : []))))
    return answerBatch(reply, await this.#intake.many(events, publisherOf(request)))
  }
}

/** Whose events are counted together. */
function publisherOf(request: FastifyRequest): string {
  return request.ip
}

/** Values take memory beside their text. */
function weighing(held: Held): (marks: number) => void {
  return (marks) => held.grow(marks * bytesPerMark)
}

/** Without it any web page could speak to a gateway on this machine under a name of its own (DNS rebinding). */
function checkHost(request: FastifyRequest): void {
  const { host } = request.headers
  if (host === undefined || isLoopbackHostHeader(host)) return
  throw new RequestRefused(
    'host-refused',
    'This gateway is for its own machine: call it 127.0.0.1, [::1] or localhost.',
  )
}

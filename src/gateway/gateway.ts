/**
 * The HTTP server: what comes in is read, published, and answered when it is durable.
 * @module
 */
import { randomUUID } from 'node:crypto'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { systemClock, type Clock } from '../clock.ts'
import { compileAccess, type AccessOptions } from './access/index.ts'
import { Admission } from './admission.ts'
import { batchEvents, binaryEvent, contentMode, structuredEvent, type ReceivedEvent } from './cloud-events.ts'
import { answerMalformed, problemOfFailure } from './failures.ts'
import { GatewayAddressInvalid, GatewayExposed, RequestRefused } from './errors.ts'
import { Guard } from './guard.ts'
import { Intake, type Publishing, type Result } from './intake.ts'
import { jsonBody } from './json-body.ts'
import { isLoopback } from './loopback.ts'
import { openApi } from './openapi.ts'
import { problemOf, retryAfterSeconds, type Problem } from './problems.ts'
import { listedTypes } from './types-listing.ts'

/** What a gateway publishes to. An `App` is one. */
export type GatewayApp = Publishing & { open(): Promise<unknown> }

export interface GatewayOptions {
  /** Where to listen; only loopback addresses without `access`. Default `127.0.0.1`. */
  readonly host?: string
  /** 0 takes a free one. Default 4680. */
  readonly port?: number
  /** Who may do what. Without it everybody who reaches the gateway may do everything, so only this machine can. */
  readonly access?: AccessOptions
  /** Largest body, bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number
  /** Events of one batch. Default 1,000. */
  readonly maxBatchEvents?: number
  /** Events being stored at once. Default 10,000. */
  readonly maxInFlightEvents?: number
  /** Part of `maxInFlightEvents` that only the most urgent lane may take, 0..1. Default 0.1. */
  readonly urgentReserve?: number
  /** A request that has not arrived by then is cut off, milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** Default the machine's time. */
  readonly clock?: Clock
  /** Hears of failures that are the gateway's own. */
  readonly onFailure?: (error: unknown) => void
}

const defaults = {
  host: '127.0.0.1',
  port: 4680,
  maxBodyBytes: 4 * 1024 * 1024,
  maxBatchEvents: 1_000,
  maxInFlightEvents: 10_000,
  urgentReserve: 0.1,
  requestTimeoutMs: 30_000,
  clock: systemClock,
}

const maxHeaderBytes = 16 * 1024

export interface Gateway {
  /** Opens the log and listens; resolves to its address, `http://127.0.0.1:4680`. @throws GatewayExposed, GatewayAddressInvalid, and the transport's errors */
  start(): Promise<string>
  /** From now on `/readyz` answers 503, so that a balancer sends nothing more; what comes is still taken, and its connection closed. */
  unready(): void
  /** Takes no more connections, answers what is under way, resolves. The app stays open. Idempotent. */
  close(): Promise<void>
}

/** A gateway for `app`; it listens after `start()`. @throws GatewayExposed, AccessInvalid */
export function createGateway(app: GatewayApp, options: GatewayOptions = {}): Gateway {
  return new HttpGateway(app, options)
}

type Settings = Required<Omit<GatewayOptions, 'onFailure' | 'access'>> & Pick<GatewayOptions, 'onFailure' | 'access'>

class HttpGateway implements Gateway {
  readonly #app: GatewayApp
  readonly #settings: Settings
  readonly #server: FastifyInstance
  readonly #intake: Intake
  readonly #guard: Guard
  #state: 'starting' | 'ready' | 'unready' = 'starting'
  #closing: Promise<void> | undefined

  constructor(app: GatewayApp, options: GatewayOptions) {
    this.#app = app
    this.#settings = { ...defaults, ...options }
    const { host, access, clock, maxInFlightEvents, urgentReserve, onFailure = () => {} } = this.#settings
    if (access === undefined && !isLoopback(host)) throw new GatewayExposed(host)
    this.#guard = new Guard(
      access === undefined ? undefined : compileAccess(access, app.config, clock),
      app.config,
      onFailure,
    )
    this.#intake = new Intake(app, new Admission(maxInFlightEvents, urgentReserve), onFailure)
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
    this.#closing ??= Promise.resolve(this.#server.close())
    return this.#closing
  }

  #makeServer(): FastifyInstance {
    const { maxBodyBytes, requestTimeoutMs } = this.#settings
    const server = fastify({
      bodyLimit: maxBodyBytes,
      requestTimeout: requestTimeoutMs,
      http: { maxHeaderSize: maxHeaderBytes, headersTimeout: Math.min(10_000, requestTimeoutMs) },
      forceCloseConnections: 'idle',
      return503OnClosing: false,
      // The header named by a client is nobody's id here.
      requestIdHeader: false,
      clientErrorHandler: answerMalformed,
    })
    server.removeAllContentTypeParsers()
    server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    this.#guard.watch(server)
    server.addHook('onSend', async (_request, reply) => {
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
    server.get('/events/types', (request) => ({
      types: listedTypes(this.#app.config, this.#guard.isListed(request)),
    }))
    server.get('/openapi.json', (request) =>
      openApi(this.#app.config, { isListed: this.#guard.isListed(request), shown: this.#guard.kinds }),
    )
    server.get('/livez', () => ({ status: 'ok' }))
    server.get('/startupz', (_request, reply) => this.#health(reply, this.#state !== 'starting'))
    server.get('/readyz', (_request, reply) => this.#health(reply, this.#state === 'ready'))
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
    const body = bodyOf(request)
    const mode = contentMode(request.headers['content-type'])
    if (mode === 'batch') {
      const events = batchEvents(body, rawHeaders, this.#settings.maxBatchEvents)
      return this.#batch(this.#guard.allowedOf(request, events), reply)
    }
    const event = mode === 'structured' ? structuredEvent(body, rawHeaders) : binaryEvent(rawHeaders, body)
    this.#guard.check(request, event)
    return answer(reply, await this.#intake.one(event))
  }

  /** Plain JSON: the gateway makes the event. What signs the request names its id, or an `Idempotency-Key`. */
  async #plain(request: FastifyRequest<{ Params: { type: string } }>, reply: FastifyReply): Promise<unknown> {
    const body = bodyOf(request)
    if (contentMode(request.headers['content-type']) !== 'binary') {
      throw new RequestRefused('media-type-unsupported', 'This path takes plain JSON; CloudEvents go to POST /events.')
    }
    const key = this.#guard.signedId(request) ?? request.headers['idempotency-key']
    const id = typeof key === 'string' ? key.replace(/^"(.*)"$/, '$1') : randomUUID()
    const event: ReceivedEvent = {
      id,
      source: this.#guard.identity(request)?.source ?? this.#app.config.source,
      type: request.params.type,
      data: jsonBody(body),
    }
    this.#guard.check(request, event)
    return answer(reply, await this.#intake.one(event))
  }

  async #batch(events: Parameters<Intake['many']>[0], reply: FastifyReply): Promise<unknown> {
    const all = await this.#intake.many(events)
    const results = all.map((result, index) =>
      'problem' in result
        ? { index, status: result.problem.status, problem: result.problem }
        : { index, status: 202, ...result.accepted, ...(result.replayed ? { replayed: true } : {}) },
    )
    const refused = results.filter(({ status }) => status !== 202).length
    void reply.status(refused === 0 ? 202 : 207)
    return { accepted: results.length - refused, refused, results }
  }
}

/** The body's bytes; none when there is no body. @throws RequestRefused when they are encoded */
function bodyOf(request: FastifyRequest): Uint8Array {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new RequestRefused(
      'media-type-unsupported',
      'Compressed bodies are not taken: send it without content-encoding.',
    )
  }
  return (request.body as Buffer | undefined) ?? Buffer.alloc(0)
}

function answer(reply: FastifyReply, result: Result): unknown {
  if ('problem' in result) return refuse(reply, result.problem)
  if (result.replayed) void reply.header('idempotency-replayed', 'true')
  void reply.status(202)
  return result.accepted
}

function refuse(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="veltrix"')
  const seconds = retryAfterSeconds(problem)
  if (seconds !== undefined) void reply.header('retry-after', String(seconds))
  return reply.status(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

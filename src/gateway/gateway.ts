/**
 * The HTTP server: what comes in is read, published, and answered when it is durable.
 * @module
 */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { systemClock, type Clock } from '../clock.ts'
import type { Log } from '../transport/index.ts'
import { compileAccess, isLoopback, type AccessOptions } from './access/index.ts'
import { Admission } from './admission.ts'
import { Answered } from './answered.ts'
import { refuse } from './answers.ts'
import { Bodies } from './bodies.ts'
import { Connections } from './connections.ts'
import { allowOrigins, type CorsOptions } from './cors.ts'
import { problemOfFailure } from './failures.ts'
import { GatewayAddressInvalid, GatewayExposed } from './errors.ts'
import { Guard } from './guard.ts'
import { Intake, type Publishing } from './intake.ts'
import { checkLoadOptions, loadDefaults, type LoadOptions } from './load-options.ts'
import { LogBreaker } from './log-breaker.ts'
import { Memory } from './memory.ts'
import { openApi } from './openapi.ts'
import { Posts } from './posts.ts'
import { problemOf } from './problems.ts'
import { RateLimiter } from './rate-limits.ts'
import { tellRequests } from './request-calls.ts'
import { Tail, type TailOptions } from './tail/tail.ts'
import { Turns } from './turns.ts'
import { listedTypes } from './types-listing.ts'

/** What a gateway publishes to and reads from. An `App` is one. */
export type GatewayApp = Publishing & { open(): Promise<Log> }

export interface GatewayOptions extends LoadOptions {
  /** Where to listen; only loopback addresses without `access`. Default `127.0.0.1`. */
  readonly host?: string
  /** 0 takes a free one. Default 4680. */
  readonly port?: number
  /** Who may do what. Default: everybody who calls this machine by its own name may do everything. */
  readonly access?: AccessOptions
  /** Web pages that may call. Default: those that the gateway's own origin serves. */
  readonly cors?: CorsOptions
  /** Live reading, `GET /tail`. */
  readonly tail?: TailOptions
  /** Hears of failures that are the gateway's own. */
  readonly onFailure?: (error: unknown) => void
  /** Default the machine's time. Node's own limits on slow requests go by that in any case. */
  readonly clock?: Clock
}

const defaults = { ...loadDefaults, host: '127.0.0.1', port: 4680, tail: {}, clock: systemClock }

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

type Settings = Required<Omit<GatewayOptions, Optional>> & Pick<GatewayOptions, Optional>
type Optional = 'access' | 'cors' | 'onFailure'

class HttpGateway implements Gateway {
  readonly #app: GatewayApp
  readonly #settings: Settings
  readonly #server: FastifyInstance
  readonly #guard: Guard
  readonly #posts: Posts
  readonly #tail: Tail
  readonly #breaker: LogBreaker
  readonly #connections = new Connections()
  readonly #answered = new Answered()
  #state: 'starting' | 'ready' | 'unready' = 'starting'
  #closing: Promise<void> | undefined

  constructor(app: GatewayApp, options: GatewayOptions) {
    this.#app = app
    this.#settings = { ...defaults, ...options }
    const { host, access, tail, clock, onFailure = () => {} } = this.#settings
    if (access === undefined && !isLoopback(host)) throw new GatewayExposed(host)
    checkLoadOptions(this.#settings, app.config)
    this.#guard = new Guard(
      access === undefined ? undefined : compileAccess(access, app.config, clock),
      app.config,
      onFailure,
    )
    this.#breaker = new LogBreaker({ clock, stallMs: this.#settings.logStallMs })
    this.#posts = this.#makePosts(onFailure)
    this.#tail = new Tail({ open: () => app.open(), config: app.config, clock }, tail)
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
    await Promise.all([this.#server.close(), this.#tail.close()])
    closed()
  }

  #makePosts(onFailure: (error: unknown) => void): Posts {
    const { maxInFlightEvents, maxInFlightBytes, urgentReserve, maxBatchEvents, rateLimits, clock } = this.#settings
    const admission = new Admission(maxInFlightEvents, urgentReserve)
    const gates = { rates: new RateLimiter(rateLimits, clock), breaker: this.#breaker, admission }
    const parts = {
      guard: this.#guard,
      bodies: new Bodies(this.#settings, new Memory(maxInFlightBytes, urgentReserve)),
      intake: new Intake(this.#app, gates, onFailure),
      connections: this.#connections,
      answered: this.#answered,
      turns: new Turns({ clock, isLogAnswering: () => !this.#breaker.isOpen }),
    }
    return new Posts(parts, { source: this.#app.config.source, maxBatchEvents })
  }

  #makeServer(): FastifyInstance {
    const { cors, maxConnections, headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = this.#settings
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
    tellRequests(server)
    this.#answered.watch(server)
    const guarded = (): void => this.#guard.watch(server)
    if (cors === undefined) guarded()
    else allowOrigins(server, cors, guarded)
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
    server.post('/events', (request, reply) => this.#posts.events(request, reply))
    server.post<{ Params: { type: string } }>('/events/:type', (request, reply) => this.#posts.plain(request, reply))
    // The typed file does not change while it runs.
    const types = listedTypes(this.#app.config)
    const shownTo = (request: FastifyRequest) => {
      const isListed = this.#guard.isListed(request)
      return types.filter(({ type }) => isListed(type))
    }
    server.get('/events/types', (request) => ({ types: shownTo(request) }))
    server.get('/openapi.json', (request) =>
      openApi(this.#app.config, { types: shownTo(request), shown: this.#guard.kinds }),
    )
    server.get('/tail', { exposeHeadRoute: false }, (request, reply) =>
      this.#tail.answer(request, reply, this.#guard.readable(request)),
    )
    server.get('/livez', () => ({ status: 'ok' }))
    server.get('/startupz', (_request, reply) => this.#health(reply, this.#state !== 'starting'))
    server.get('/readyz', (_request, reply) => {
      // Not 503 while the log is away: docs/decisions/022-a-gateway-under-load.md.
      return { ...this.#health(reply, this.#state === 'ready'), log: this.#breaker.isOpen ? 'unavailable' : 'ok' }
    })
    const methods = new Map([
      ['/events', 'POST'],
      ['/events/types', 'GET, POST'],
      ['/tail', 'GET'],
    ])
    server.setNotFoundHandler((request, reply) => {
      const path = request.url.split('?', 1)[0]!
      const allowed = methods.get(path)
      if (allowed === undefined)
        return refuse(reply, problemOf('not-found', 'POST /events, POST /events/{type}, GET /events/types, GET /tail.'))
      void reply.header('allow', allowed)
      return refuse(reply, problemOf('method-not-allowed', `It takes ${allowed}.`))
    })
  }

  #health(reply: FastifyReply, isWell: boolean): object {
    if (!isWell) void reply.status(503)
    return { status: isWell ? 'ok' : this.#state }
  }
}

/**
 * The dashboard's server: the page's files, and what the page asks for.
 * @module
 */
import fastify, { type FastifyInstance } from 'fastify'
import { systemClock, type Clock } from '../clock.ts'
import { compileAccess, isLoopback, type AccessOptions } from '../gateway/access/index.ts'
import type { DeliveryOptions } from '../telemetry/lag/index.ts'
import { ActLog } from './acts/act-log.ts'
import type { Act, DashboardApp } from './app.ts'
import { Assets, type AssetsOptions } from './assets.ts'
import { DashboardAddressInvalid, DashboardExposed, DashboardOptionInvalid } from './errors.ts'
import { Attempts } from './events/attempts.ts'
import { EventViews } from './events/views.ts'
import { Guard } from './http/guard.ts'
import { Viewers } from './http/viewers.ts'
import { Letters } from './letters/letters.ts'
import { Redrives } from './letters/redrives.ts'
import { Live } from './live/live.ts'
import { addRoutes } from './routes.ts'
import { placeOf } from './system.ts'
import { Tail } from './tail/tail.ts'
import { Topics } from './topics/topics.ts'

export interface DashboardOptions {
  /** Where to listen; only loopback addresses without `access`. Default `127.0.0.1`. */
  readonly host?: string
  /** 0 takes a free one. Default 4681. */
  readonly port?: number
  /** Who may do what, as of the gateway. Default: who has the token of this start may do everything. */
  readonly access?: AccessOptions
  /** Changes nothing, whoever asks. Default false. */
  readonly readOnly?: boolean
  /** What the page calls the log. Default by the transport. */
  readonly place?: string
  /** Where events are taken over HTTP, if anywhere; asked whenever the page is opened. */
  readonly gateway?: () => string | null
  /** Where a trace can be seen: `https://traces.example/{traceId}`. */
  readonly traceUrl?: string
  /** Without a request a session ends after this, milliseconds. Default 12 h. */
  readonly sessionMs?: number
  /** What the delivery rate looks at. */
  readonly delivery?: Pick<DeliveryOptions, 'windowMs' | 'periodMs'>
  /** Another page. Default this package's. */
  readonly assets?: AssetsOptions
  /** Told of each act: published, paused, marked, redriven, discarded. Default: a line on stderr. */
  readonly onAct?: (act: Act) => void
  /** Hears of failures that are the dashboard's own. */
  readonly onFailure?: (error: unknown) => void
  /** Default the machine's time. */
  readonly clock?: Clock
}

export interface Dashboard {
  /** Opens the log and listens. Resolves to where: with the token of this start behind `#`, unless there is `access`. @throws DashboardAddressInvalid, and the transport's errors */
  start(): Promise<string>
  /** Ends every stream and session; the app stays open. Idempotent. */
  close(): Promise<void>
}

const defaults = {
  host: '127.0.0.1',
  port: 4681,
  readOnly: false,
  sessionMs: 12 * 3_600_000,
  gateway: () => null,
  clock: systemClock,
  onFailure: () => undefined,
  onAct: ({ at, by, act, to, reason }: Act) => {
    const why = reason === undefined ? '' : ` ${JSON.stringify(reason)}`
    process.stderr.write(`${new Date(at).toISOString()} dashboard ${by}: ${act} ${to}${why}\n`)
  },
}

const maxBodyBytes = 1024 * 1024
const maxHeaderBytes = 16 * 1024
const maxConnections = 256

/** A dashboard of `app`, which may run here or elsewhere; it listens after `start()`. @throws DashboardExposed, DashboardOptionInvalid, AccessInvalid */
export function createDashboard(app: DashboardApp, options: DashboardOptions = {}): Dashboard {
  return new HttpDashboard(app, options)
}

type Settings = DashboardOptions & Required<Pick<DashboardOptions, keyof typeof defaults>>

class HttpDashboard implements Dashboard {
  readonly #app: DashboardApp
  readonly #settings: Settings
  readonly #server: FastifyInstance
  readonly #guard: Guard
  readonly #viewers: Viewers
  readonly #live: Live
  readonly #attempts: Attempts
  readonly #redrives: Redrives
  #closing: Promise<void> | undefined

  constructor(app: DashboardApp, options: DashboardOptions) {
    this.#app = app
    this.#settings = { ...defaults, ...withoutUndefined(options) }
    const { host, access, readOnly, sessionMs, clock, onFailure, traceUrl } = this.#settings
    if (access === undefined && !isLoopback(host)) throw new DashboardExposed(host)
    if (!(Number.isFinite(sessionMs) && sessionMs >= 1_000))
      throw new DashboardOptionInvalid('sessionMs', 'must be at least 1000')
    checkTraceUrl(traceUrl)
    const { config } = app
    const compiled = access === undefined ? undefined : compileAccess(access, config, clock)
    this.#guard = new Guard({ access: compiled, config, clock, readOnly, sessionMs, onFailure })
    this.#viewers = new Viewers(clock)
    const letters = new Letters(app, clock)
    this.#attempts = new Attempts(clock)
    this.#live = new Live({ app, letters, viewers: this.#viewers, clock, delivery: this.#settings.delivery })
    const { marks } = this.#live
    this.#redrives = new Redrives(letters, clock, ({ subscription, state, redriven, failedAgain }) =>
      marks.add('redrive', `${subscription}: redrive ${state}: ${redriven} handled, ${failedAgain} failed again`),
    )
    this.#server = this.#makeServer()
    addRoutes(this.#server, {
      app,
      letters,
      redrives: this.#redrives,
      acts: new ActLog(clock, marks, this.#settings.onAct),
      topics: new Topics({ app, clock, lags: () => this.#live.lags }),
      guard: this.#guard,
      live: this.#live,
      tail: new Tail({ app, viewers: this.#viewers, clock, onFailure }),
      events: new EventViews({ app, letters, attempts: this.#attempts, traceUrl }),
      assets: new Assets(this.#settings.assets),
      clock,
      place: this.#settings.place ?? placeOf(config),
      readOnly,
      gateway: this.#settings.gateway,
      onFailure,
    })
  }

  async start(): Promise<string> {
    const { host, port } = this.#settings
    await this.#app.open()
    try {
      const address = await this.#server.listen({ host, port })
      this.#attempts.listen()
      this.#live.begin()
      return this.#guard.token === undefined ? `${address}/` : `${address}/#token=${this.#guard.token}`
    } catch (error) {
      throw new DashboardAddressInvalid(host, port, error)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#guard.close()
    await this.#redrives.close()
    await this.#live.close()
    this.#attempts.close()
    await Promise.all([this.#viewers.close(), this.#server.close()])
  }

  #makeServer(): FastifyInstance {
    const server = fastify({
      bodyLimit: maxBodyBytes,
      requestTimeout: 30_000,
      keepAliveTimeout: 30_000,
      http: { maxHeaderSize: maxHeaderBytes, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 },
      forceCloseConnections: 'idle',
      return503OnClosing: false,
      exposeHeadRoutes: false,
      requestIdHeader: false,
      // A topic of Kafka has at most 249 characters.
      routerOptions: { maxParamLength: 600 },
    })
    server.server.maxConnections = maxConnections
    // Text is what a form of another page could send.
    server.removeContentTypeParser('text/plain')
    return server
  }
}

/** An option that is given as undefined is not given. */
function withoutUndefined(options: DashboardOptions): DashboardOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function checkTraceUrl(url: string | undefined): void {
  if (url === undefined) return
  const isAddress = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
  if (!isAddress || !url.includes('{traceId}')) {
    throw new DashboardOptionInvalid('traceUrl', 'must be an http(s) address with {traceId} in it')
  }
}

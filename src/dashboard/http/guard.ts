/**
 * Who may ask: the host that is named, the page a request comes from, the session, and for acts a header that no other page can send.
 * @module
 */
import { hostname } from 'node:os'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import { isLoopbackHostHeader, type Access } from '../../gateway/access/index.ts'
import { DashboardRefused } from '../errors.ts'
import { everything, rightsOf, type SessionRights } from './rights.ts'
import { isSame, newSecret, Sessions, type Session } from './sessions.ts'

export interface GuardOptions {
  /** Without it the token of this start is everybody's key. */
  readonly access: Access | undefined
  readonly config: CompiledConfig
  readonly clock: Clock
  readonly readOnly: boolean
  readonly sessionMs: number
  readonly onFailure: (error: unknown) => void
}

/** A header that a form or an image of another page cannot send, and a script only when this server allowed it (it allows nobody). */
const actHeader = 'x-veltrix-dashboard'
const maxTokenLength = 16 * 1024

export class Guard {
  /** Undefined with access. */
  readonly token: string | undefined
  readonly #options: GuardOptions
  readonly #sessions: Sessions

  constructor(options: GuardOptions) {
    this.#options = options
    this.token = options.access === undefined ? newSecret(16) : undefined
    this.#sessions = new Sessions(options.clock, options.sessionMs)
  }

  /** Asks every request of `server` that is not for a file of the page. */
  watch(server: FastifyInstance): void {
    server.decorateRequest('session', null)
    server.addHook('onRequest', async (request) => {
      this.#checkHost(request)
      const path = request.url.split('?', 1)[0]!
      if (path !== '/session' && path !== '/api' && !path.startsWith('/api/')) return
      checkOrigin(request)
      if (request.method !== 'GET' && request.headers[actHeader] !== '1') {
        throw new DashboardRefused('header-missing', `Send the header ${actHeader}: 1 with every ${request.method}.`)
      }
      if (path === '/session' && request.method === 'POST') return
      request.setDecorator<Session>('session', await this.#sessionOf(request))
      if (request.method !== 'GET' && path !== '/session' && this.#options.readOnly) {
        throw new DashboardRefused(
          'read-only',
          'It was started with --read-only (or readOnly): it shows, and acts for nobody.',
        )
      }
    })
  }

  /** `POST /session`: a token or credentials for a cookie. */
  async begin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { token } = (request.body ?? {}) as { readonly token?: unknown }
    if (typeof token !== 'string' || token.length > maxTokenLength) {
      throw new DashboardRefused('body-invalid', 'It must be {"token": "…"}.')
    }
    const { by, rights } = await this.#known(request, token)
    const secret = this.#sessions.begin(by, rights)
    const secure = request.headers.origin?.startsWith('https:') === true ? '; Secure' : ''
    void reply.header('set-cookie', `${cookieName(request)}=${secret}; Path=/; HttpOnly; SameSite=Strict${secure}`)
    return reply.status(204).send()
  }

  /** `DELETE /session` */
  end(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const secret = cookieIn(request)
    if (secret !== undefined) this.#sessions.end(secret)
    void reply.header('set-cookie', `${cookieName(request)}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`)
    return reply.status(204).send()
  }

  close(): void {
    this.#sessions.endAll()
  }

  async #sessionOf(request: FastifyRequest): Promise<Session> {
    const bearer = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (bearer !== undefined) {
      const never = new AbortController().signal
      return { ...(await this.#known(request, bearer)), ended: never, seen: () => undefined }
    }
    const secret = cookieIn(request)
    const session = secret === undefined ? undefined : this.#sessions.find(secret)
    if (session === undefined) throw notAuthenticated()
    return session
  }

  /** @throws DashboardRefused when nobody knows `token`, or it has no right to look */
  async #known(request: FastifyRequest, token: string): Promise<{ by: string; rights: SessionRights }> {
    const { access, config, readOnly, onFailure } = this.#options
    if (access === undefined) {
      if (!isSame(token, this.token!)) throw notAuthenticated()
      return { by: `dashboard@${hostname()}`, rights: everything(readOnly) }
    }
    const rawHeaders = ['authorization', `Bearer ${token}`]
    const verdict = await access.authenticate({ rawHeaders, socket: request.raw.socket })
    if (verdict === 'nobody' || 'signed' in verdict) throw notAuthenticated()
    if ('unavailable' in verdict) {
      onFailure(verdict.unavailable)
      throw new DashboardRefused('unavailable', 'Tokens cannot be checked just now: try again later.')
    }
    const { name, rights } = verdict.identity
    const given = rightsOf(rights, config, readOnly)
    if (given === undefined) throw new DashboardRefused('not-allowed', 'These credentials have no right to read.')
    return { by: name, rights: given }
  }

  /** A page of any name could lead that name to this machine (DNS rebinding), and would then be of the same origin. */
  #checkHost({ headers: { host } }: FastifyRequest): void {
    if (this.#options.access !== undefined || (host !== undefined && isLoopbackHostHeader(host))) return
    throw new DashboardRefused(
      'host-refused',
      'This dashboard is for its own machine: call it 127.0.0.1, [::1] or localhost.',
    )
  }
}

export function sessionOf(request: FastifyRequest): Session {
  return request.getDecorator<Session>('session')
}

/** Browsers say where a request comes from; tools say nothing. */
function checkOrigin({ headers }: FastifyRequest): void {
  const site = headers['sec-fetch-site']
  const refused = new DashboardRefused('origin-refused', 'Only its own page may ask this server.')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw refused
  const { origin, host } = headers
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) throw refused
}

/** Cookies are shared by all ports of a host: two dashboards must not take each other's. */
function cookieName({ raw }: FastifyRequest): string {
  return `veltrix-dashboard-${raw.socket.localPort}`
}

function cookieIn(request: FastifyRequest): string | undefined {
  const name = cookieName(request)
  for (const each of (request.headers.cookie ?? '').split(';')) {
    const at = each.indexOf('=')
    if (at > 0 && each.slice(0, at).trim() === name) return each.slice(at + 1).trim()
  }
  return undefined
}

function notAuthenticated(): DashboardRefused {
  return new DashboardRefused('not-authenticated', 'Open the address with its token again, as it was printed.')
}

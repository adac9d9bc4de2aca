/**
 * Who calls and what that one may do, asked of every request before its body is read.
 * @module
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { CompiledConfig } from '../config/index.ts'
import { quoted } from '../event/index.ts'
import {
  isAllowed,
  isLoopbackHostHeader,
  matches,
  maxSignedBodyBytes,
  mayEver,
  type Access,
  type Identity,
  type IdentityKind,
  type SignedClaim,
  type Verb,
} from './access/index.ts'
import { contentMode, type ReceivedEvent } from './cloud-events.ts'
import { RequestRefused } from './errors.ts'

/** What a route needs. One that is not here is nobody's where there is access. */
const needs: Readonly<Record<string, Verb | 'nothing'>> = {
  '/events': 'publish',
  '/events/:type': 'publish',
  '/events/types': 'read-types',
  '/openapi.json': 'read-types',
  '/tail': 'tail',
  '/livez': 'nothing',
  '/startupz': 'nothing',
  '/readyz': 'nothing',
}

/** What is known of a request's sender. */
interface Sender {
  identity?: Identity
  signed?: SignedClaim
}

export class Guard {
  #access: Access | undefined
  readonly #config: Pick<CompiledConfig, 'events'>
  readonly #onFailure: (error: unknown) => void

  /** @param access without it everybody may do everything who calls this machine by its own name */
  constructor(access: Access | undefined, config: Pick<CompiledConfig, 'events'>, onFailure: (error: unknown) => void) {
    this.#access = access
    this.#config = config
    this.#onFailure = onFailure
  }

  /** What senders may show; `undefined` without access. */
  get kinds(): readonly IdentityKind[] | undefined {
    return this.#access?.kinds
  }

  /** Counts from the next request on. */
  renew(access: Access): void {
    this.#access = access
  }

  /** Asks every request of `server`. */
  watch(server: FastifyInstance): void {
    server.decorateRequest('sender', null)
    server.addHook('onRequest', async (request) => {
      if (this.#access === undefined) checkHost(request)
      else await this.#admit(request, this.#access)
    })
  }

  /** The signature of a request that has one, now that its body is there. @throws RequestRefused */
  verify(request: FastifyRequest, body: Buffer): void {
    const { signed } = senderOf(request) ?? {}
    if (signed !== undefined) verifyBody(request, body, signed)
  }

  /** Who sent it; `undefined` without access, on open routes, and before the body of a signed request is read. */
  identity(request: FastifyRequest): Identity | undefined {
    return senderOf(request)?.identity
  }

  /** The id that a signature covers. */
  signedId(request: FastifyRequest): string | undefined {
    return senderOf(request)?.signed?.id
  }

  /** Whether the sender may see a type. */
  isListed(request: FastifyRequest): (type: string) => boolean {
    if (this.#access === undefined) return () => true
    const rights = this.identity(request)?.rights ?? []
    return (type) => isAllowed(rights, 'read-types', type)
  }

  /**
   * Which events the sender may see on the log; `undefined` where everybody may see all.
   * @throws RequestRefused when it asks for types of which it may see none, whether there are such or not
   */
  readable(request: FastifyRequest): ((type: string, source: string) => boolean) | undefined {
    if (this.#access === undefined) return undefined
    const rights = this.identity(request)?.rights ?? []
    const types = [...this.#config.events.keys()].filter((type) => isAllowed(rights, 'tail', type))
    for (const asked of [(request.query as { type?: string | string[] }).type ?? []].flat()) {
      if (!types.some((type) => matches(asked, type))) throw notAllowed(`may not read ${quoted(asked)}`)
    }
    return (type, source) => isAllowed(rights, 'tail', type, source)
  }

  /** @throws RequestRefused when the sender may not publish the event */
  check(request: FastifyRequest, { type, source }: Pick<ReceivedEvent, 'type' | 'source'>): void {
    if (this.#access === undefined) return
    if (!isAllowed(this.identity(request)?.rights ?? [], 'publish', type, source)) {
      throw notAllowed(`may not publish ${quoted(type)} from this source`)
    }
    // The error of the publisher lists all types that there are.
    if (!this.#config.events.has(type)) {
      throw new RequestRefused('event-type-unknown', `No stream declares the event type ${quoted(type)}.`)
    }
  }

  /** A batch, with a refusal in the place of each event that its sender may not publish. */
  allowedOf(
    request: FastifyRequest,
    events: readonly (ReceivedEvent | RequestRefused)[],
  ): readonly (ReceivedEvent | RequestRefused)[] {
    return events.map((event) => {
      try {
        if (!(event instanceof RequestRefused)) this.check(request, event)
        return event
      } catch (error) {
        if (error instanceof RequestRefused) return error
        throw error
      }
    })
  }

  async #admit(request: FastifyRequest, access: Access): Promise<void> {
    const path = request.routeOptions.url
    const need = path === undefined ? undefined : needs[path]
    if (need === 'nothing') return
    const verdict = await access.authenticate(request.raw)
    if (verdict === 'nobody') throw notAuthenticated()
    if ('unavailable' in verdict) {
      this.#onFailure(verdict.unavailable)
      throw new RequestRefused('access-unavailable', 'Tokens cannot be checked just now: send it again later.')
    }
    request.setDecorator<Sender>('sender', verdict)
    if ('signed' in verdict) checkSignedHead(request)
    // Without a route it is a 404 or 405, which only those hear who may call at all.
    else if (path !== undefined) permit(verdict.identity, need)
  }
}

function senderOf(request: FastifyRequest): Sender | null {
  return request.getDecorator<Sender | null>('sender')
}

/** @throws RequestRefused unless there is a right with the verb */
function permit(identity: Identity, need: Verb | undefined): void {
  if (need === undefined) throw notAllowed('may not use this path')
  if (!mayEver(identity.rights, need)) throw notAllowed(`have no right to ${need}`)
}

/** What a signature does not cover cannot be said in a signed request; its body is read for somebody unknown, and so bounded. */
function checkSignedHead({ headers, routeOptions }: FastifyRequest): void {
  if (needs[routeOptions.url ?? ''] !== 'publish') throw notAuthenticated()
  if (headers['content-encoding'] !== undefined) {
    throw new RequestRefused('media-type-unsupported', 'A signed body is taken as it is: without content-encoding.')
  }
  const length = headers['content-length']
  if (length === undefined) {
    throw new RequestRefused('request-malformed', 'A signed request must say its length: content-length is missing.')
  }
  if (Number(length) > maxSignedBodyBytes) {
    throw new RequestRefused('too-large', `A signed body has at most ${maxSignedBodyBytes} bytes.`)
  }
}

function verifyBody(request: FastifyRequest, body: Buffer, signed: SignedClaim): void {
  const identity = signed.verify(body)
  if (identity === undefined) throw notAuthenticated()
  request.setDecorator<Sender>('sender', { identity, signed })
  permit(identity, 'publish')
  if (request.routeOptions.url === '/events' && contentMode(request.headers['content-type']) === 'binary') {
    throw new RequestRefused(
      'media-type-unsupported',
      'The signature does not cover ce- headers: send structured mode, or plain JSON to /events/{type}.',
    )
  }
}

/** The same whatever was wrong: a missing credential, its form, its secret, its time. */
function notAuthenticated(): RequestRefused {
  return new RequestRefused('not-authenticated', 'No valid credentials came with the request.')
}

function notAllowed(what: string): RequestRefused {
  return new RequestRefused('not-allowed', `These credentials ${what}.`)
}

/** Without access any web page could speak to a gateway on this machine under a name of its own (DNS rebinding). */
function checkHost({ headers: { host } }: FastifyRequest): void {
  if (host === undefined || isLoopbackHostHeader(host)) return
  throw new RequestRefused(
    'host-refused',
    'This gateway is for its own machine: call it 127.0.0.1, [::1] or localhost.',
  )
}

/**
 * From the headers of a request to who calls.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Certificates } from './certificates.ts'
import { KeySetUnavailable } from './errors.ts'
import type { Identity, IdentityKind } from './identity.ts'
import { isKey, type KeyRing } from './keys.ts'
import type { Tokens } from './tokens.ts'
import type { SignedClaim, Webhooks } from './webhooks.ts'

/** Nobody is told why credentials were not right. */
export type Verdict =
  | { readonly identity: Identity }
  /** The body decides. */
  | { readonly signed: SignedClaim }
  /** It cannot be found out now. */
  | { readonly unavailable: KeySetUnavailable }
  | 'nobody'

export interface Checks {
  readonly keys?: KeyRing
  readonly tokens?: Tokens
  readonly webhooks?: Webhooks
  readonly certificates?: Certificates
}

const credentialHeaders = new Set([
  'authorization',
  'x-api-key',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'x-ssl-client-verify',
  'x-ssl-client-dn',
  'x-ssl-client-san',
])

export class Access {
  readonly #checks: Checks

  constructor(checks: Checks) {
    this.#checks = checks
  }

  /** What callers may show. */
  get kinds(): readonly IdentityKind[] {
    const { keys, tokens, webhooks, certificates } = this.#checks
    const all = [keys && 'key', tokens && 'token', webhooks && 'webhook', certificates && 'certificate'] as const
    return all.filter((kind) => kind !== undefined)
  }

  /**
   * Who calls. Credentials in `Authorization`, `X-API-Key` or a signature count alone, and one of them only; a certificate counts where
   * there are none.
   */
  async authenticate(request: Pick<IncomingMessage, 'rawHeaders' | 'socket'>): Promise<Verdict> {
    const headers = credentialsIn(request.rawHeaders)
    if (headers === undefined) return 'nobody'
    const authorization = headers.get('authorization')
    const key = headers.get('x-api-key')
    const signature = headers.get('webhook-signature')
    const shown = [authorization, key, signature].filter((each) => each !== undefined)
    if (shown.length > 1) return 'nobody'
    if (key !== undefined) return known(this.#checks.keys?.identify(key))
    if (authorization !== undefined) return this.#bearer(authorization)
    if (signature !== undefined) return this.#signed(headers)
    const certificate = {
      verify: headers.get('x-ssl-client-verify'),
      subject: headers.get('x-ssl-client-dn'),
      san: headers.get('x-ssl-client-san'),
    }
    return known(this.#checks.certificates?.identify(request.socket.remoteAddress, certificate))
  }

  async #bearer(authorization: string): Promise<Verdict> {
    const credential = /^bearer +(\S+)$/i.exec(authorization)?.[1]
    if (credential === undefined) return 'nobody'
    if (isKey(credential)) return known(this.#checks.keys?.identify(credential))
    try {
      return known(await this.#checks.tokens?.identify(credential))
    } catch (error) {
      if (error instanceof KeySetUnavailable) return { unavailable: error }
      throw error
    }
  }

  #signed(headers: ReadonlyMap<string, string>): Verdict {
    const claim = this.#checks.webhooks?.claim({
      id: headers.get('webhook-id'),
      timestamp: headers.get('webhook-timestamp'),
      signature: headers.get('webhook-signature'),
    })
    return claim === undefined ? 'nobody' : { signed: claim }
  }
}

function known(identity: Identity | undefined): Verdict {
  return identity === undefined ? 'nobody' : { identity }
}

/** `undefined` when one is there twice: a proxy in front may have looked at the other. */
function credentialsIn(rawHeaders: readonly string[]): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase()
    if (!credentialHeaders.has(name)) continue
    if (found.has(name)) return undefined
    found.set(name, rawHeaders[at + 1]!)
  }
  return found
}

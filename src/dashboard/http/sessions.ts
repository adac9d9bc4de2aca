/**
 * Who is looking: the token of this start, and the sessions made with it or with credentials. Only digests of secrets are kept.
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { SessionRights } from './rights.ts'

export interface Session {
  /** For the audit: `dashboard` of this start, or who it is by access. */
  readonly by: string
  readonly rights: SessionRights
  /** Aborts when it ends. */
  readonly ended: AbortSignal
  /** It is still in use: a stream of it is being read. */
  seen(): void
}

interface Open extends Session {
  readonly end: AbortController
  expiresAt: number
}

/** More are not kept: the one that was used longest ago ends. */
const maxSessions = 256

export class Sessions {
  readonly #clock: Clock
  readonly #lifeMs: number
  /** By digest; the one used longest ago first. */
  readonly #open = new Map<string, Open>()

  /** @param lifeMs without a request it ends after that */
  constructor(clock: Clock, lifeMs: number) {
    this.#clock = clock
    this.#lifeMs = lifeMs
  }

  /** The secret that a cookie carries. */
  begin(by: string, rights: SessionRights): string {
    const secret = newSecret()
    const end = new AbortController()
    this.#sweep()
    if (this.#open.size >= maxSessions) this.#end(this.#open.keys().next().value!)
    const session: Open = {
      by,
      rights,
      end,
      ended: end.signal,
      expiresAt: this.#clock.monotonic() + this.#lifeMs,
      seen: () => {
        session.expiresAt = this.#clock.monotonic() + this.#lifeMs
      },
    }
    this.#open.set(digest(secret), session)
    return secret
  }

  /** The session of a cookie's secret. Looked up by its digest: how long that takes says nothing about the secret. */
  find(secret: string): Session | undefined {
    const key = digest(secret)
    const session = this.#open.get(key)
    if (session === undefined) return undefined
    if (session.expiresAt <= this.#clock.monotonic()) {
      this.#end(key)
      return undefined
    }
    session.seen()
    this.#open.delete(key)
    this.#open.set(key, session)
    return session
  }

  /** Idempotent. */
  end(secret: string): void {
    this.#end(digest(secret))
  }

  endAll(): void {
    for (const key of this.#open.keys()) this.#end(key)
  }

  #sweep(): void {
    const now = this.#clock.monotonic()
    for (const [key, session] of this.#open) if (session.expiresAt <= now) this.#end(key)
  }

  #end(key: string): void {
    this.#open.get(key)?.end.abort()
    this.#open.delete(key)
  }
}

/** Random bits as text; 128 are more than anybody can try. */
export function newSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

/** Takes as long whatever is different. */
export function isSame(secret: string, other: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(secret), hash(other))
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

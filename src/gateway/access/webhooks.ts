/**
 * Signed webhooks as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, time and body.
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { Identity } from './identity.ts'

/** Largest signed body, bytes: it is read and hashed before anybody knows who sent it. */
export const maxSignedBodyBytes = 256 * 1024

/** How old (or early) a signature may be, milliseconds. */
const toleranceMs = 5 * 60_000
/** More signatures than a sender has secrets are there to make work. */
const maxSignatures = 8

const secretPattern = /^whsec_((?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/

/** The bytes of a secret as it is written; `undefined` for what is none. */
export function secretBytes(text: unknown): Buffer | undefined {
  const encoded = typeof text === 'string' ? secretPattern.exec(text)?.[1] : undefined
  const bytes = encoded === undefined ? undefined : Buffer.from(encoded, 'base64')
  return bytes !== undefined && bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined
}

export interface KnownWebhook {
  readonly secrets: readonly Buffer[]
  readonly identity: Identity
}

/** A request that says it is signed; its body decides. */
export interface SignedClaim {
  /** `webhook-id`: the same for every try of one event. */
  readonly id: string
  /** Who signed `body`, the bytes as they came. */
  verify(body: Uint8Array): Identity | undefined
}

export interface SignatureHeaders {
  readonly id: string | undefined
  readonly timestamp: string | undefined
  readonly signature: string | undefined
}

export class Webhooks {
  readonly #known: readonly KnownWebhook[]
  readonly #clock: Clock

  constructor(known: readonly KnownWebhook[], clock: Clock) {
    this.#known = known
    this.#clock = clock
  }

  /** What can be said before the body is there; `undefined` when it cannot be right whatever the body. */
  claim({ id, timestamp, signature }: SignatureHeaders): SignedClaim | undefined {
    if (id === undefined || id === '' || timestamp === undefined || !/^\d{1,11}$/.test(timestamp)) return undefined
    if (Math.abs(this.#clock.now() - Number(timestamp) * 1_000) > toleranceMs) return undefined
    const signatures = signaturesIn(signature ?? '')
    if (signatures.length === 0) return undefined
    return { id, verify: (body) => this.#signer(`${id}.${timestamp}.`, body, signatures) }
  }

  #signer(head: string, body: Uint8Array, signatures: readonly Buffer[]): Identity | undefined {
    for (const { secrets, identity } of this.#known) {
      for (const secret of secrets) {
        // Header bytes above 0x7f are Latin-1 in Node; the sender hashed what it sent.
        const expected = createHmac('sha256', secret).update(head, 'latin1').update(body).digest()
        if (signatures.some((each) => timingSafeEqual(each, expected))) return identity
      }
    }
    return undefined
  }
}

/** Those of version 1; others are for other readers. */
function signaturesIn(header: string): readonly Buffer[] {
  const parts = header.split(' ').filter((part) => part.startsWith('v1,'))
  if (parts.length > maxSignatures) return []
  return parts.map((part) => Buffer.from(part.slice(3), 'base64')).filter(({ length }) => length === 32)
}

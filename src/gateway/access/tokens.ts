/**
 * JSON Web Tokens: who issued them, whether they hold, and what their claims allow.
 * @module
 */
import { decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose'
import type { Clock } from '../../clock.ts'
import type { Identity } from './identity.ts'
import type { FindKey } from './key-set.ts'
import type { Right } from './rights.ts'

/** Signatures by a private key only. With a shared secret a public key could be taken for one. */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

export interface ClaimRight {
  /** The way to the claim. */
  readonly claim: readonly string[]
  readonly value: string
  readonly right: Right
}

export interface TokenIssuer {
  /** As it is named in the options. */
  readonly name: string
  readonly issuer: string
  readonly audience: readonly string[]
  readonly find: FindKey
  readonly algorithms: readonly string[]
  readonly clockToleranceMs: number
  readonly rights: readonly ClaimRight[]
}

/** Part of the name of an identity, which others keep. */
const maxSubjectLength = 256

export class Tokens {
  readonly #issuers: ReadonlyMap<string, TokenIssuer>
  readonly #clock: Clock

  constructor(issuers: readonly TokenIssuer[], clock: Clock) {
    this.#issuers = new Map(issuers.map((each) => [each.issuer, each]))
    this.#clock = clock
  }

  /** Whose token it is; nobody's when anything about it is wrong. @throws KeySetUnavailable when its keys cannot be loaded */
  async identify(token: string): Promise<Identity | undefined> {
    try {
      // Only to know whose keys it is to be checked with.
      const issuer = this.#issuers.get(decodeJwt(token).iss ?? '')
      return issuer === undefined ? undefined : await this.#verified(token, issuer)
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
  }

  async #verified(token: string, issuer: TokenIssuer): Promise<Identity | undefined> {
    const { payload } = await jwtVerify(token, issuer.find, {
      algorithms: [...issuer.algorithms],
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      clockTolerance: issuer.clockToleranceMs / 1_000,
      currentDate: new Date(this.#clock.now()),
      requiredClaims: ['exp', 'sub'],
    })
    const { sub } = payload
    if (typeof sub !== 'string' || sub === '' || sub.length > maxSubjectLength) return undefined
    const rights = issuer.rights.filter((each) => holds(payload, each)).map(({ right }) => right)
    return { name: `token:${issuer.name}:${sub}`, kind: 'token', rights }
  }
}

function holds(payload: JWTPayload, { claim, value }: ClaimRight): boolean {
  let found: unknown = payload
  for (const step of claim) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return false
    found = (found as Record<string, unknown>)[step]
  }
  if (Array.isArray(found)) return found.includes(value)
  if (typeof found !== 'string') return false
  // RFC 8693 4.2: scopes are words in one text.
  const isWords = claim.length === 1 && (claim[0] === 'scope' || claim[0] === 'scp')
  return isWords ? found.split(' ').includes(value) : found === value
}

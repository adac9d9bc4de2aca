/**
 * API keys: `vlx_<id>.<secret>`. The id is public; the whole key is kept as its hash only.
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Identity } from './identity.ts'

/** Of ids of keys, and of all other names. */
export const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/

/** 256 random bits, so that one fast hash is enough: there is nothing to guess. */
const keyPattern = /^vlx_([a-z0-9][a-z0-9-]{0,62})\.[A-Za-z0-9_-]{43}$/
export const hashPattern = /^sha256:[0-9a-f]{64}$/

export interface CreatedKey {
  /** What its owner sends. Nobody can find it out again. */
  readonly key: string
  /** For `keys.<id>.hash` of the access file. */
  readonly hash: string
}

/**
 * Makes an API key.
 * @param id its public part: a-z, 0-9 and `-`, at most 63 characters
 * @throws RangeError for another id
 */
export function createKey(id: string): CreatedKey {
  if (!namePattern.test(id)) {
    throw new RangeError(`The id ${JSON.stringify(id)} is none: it has a-z, 0-9 and "-", at most 63 characters.`)
  }
  const key = `vlx_${id}.${randomBytes(32).toString('base64url')}`
  return { key, hash: `sha256:${digest(key).toString('hex')}` }
}

export function isKey(text: string): boolean {
  return text.startsWith('vlx_')
}

export interface KnownKey {
  readonly hashes: readonly string[]
  readonly identity: Identity
}

export class KeyRing {
  readonly #known: ReadonlyMap<string, { readonly hashes: readonly Buffer[]; readonly identity: Identity }>

  /** @param known by id */
  constructor(known: ReadonlyMap<string, KnownKey>) {
    this.#known = new Map(
      [...known].map(([id, { hashes, identity }]) => [
        id,
        { identity, hashes: hashes.map((hash) => Buffer.from(hash.slice('sha256:'.length), 'hex')) },
      ]),
    )
  }

  /** Whose key it is; the time that takes says nothing of how much of it was right. */
  identify(presented: string): Identity | undefined {
    const id = keyPattern.exec(presented)?.[1]
    if (id === undefined) return undefined
    const hash = digest(presented)
    // One that does not exist is compared too: ids are public, but which there are need not be told.
    const { hashes, identity } = this.#known.get(id) ?? { hashes: [nobodys], identity: undefined }
    let isRight = false
    for (const each of hashes) if (timingSafeEqual(each, hash)) isRight = true
    return isRight ? identity : undefined
  }
}

const nobodys = Buffer.alloc(32)

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/**
 * Public keys of who issues tokens, loaded from its address and kept for a while.
 * @module
 */
import { createLocalJWKSet, errors, type FlattenedJWSInput, type JSONWebKeySet, type JWSHeaderParameters } from 'jose'
import type { Clock } from '../../clock.ts'
import { KeySetUnavailable } from './errors.ts'

export type FindKey = ReturnType<typeof createLocalJWKSet>

/** From then on it is loaded again behind the scenes. */
const freshMs = 10 * 60_000
/** Beyond it keys are not believed any more: one may have been withdrawn. */
const usableMs = 60 * 60_000
/** A key nobody knows makes it load the set again, at most this often: anybody can name one. */
const unknownKeyPauseMs = 30_000
/** After a failure it does not ask again before; what comes meanwhile is answered at once. */
const failurePauseMs = 5_000
const timeoutMs = 5_000
const maxBytes = 1 << 20

/** jose has a set like this; ours takes its time from the clock, and does not wait for a server that does not answer. */
export class RemoteKeySet {
  readonly #url: string
  readonly #clock: Clock
  #find: FindKey | undefined
  #loadedAt = -Infinity
  #failure: { readonly at: number; readonly error: KeySetUnavailable } | undefined
  #loading: Promise<FindKey> | undefined

  constructor(url: string, clock: Clock) {
    this.#url = url
    this.#clock = clock
  }

  /** The key a token says it is signed with. @throws KeySetUnavailable; jose's JWKSNoMatchingKey */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): ReturnType<FindKey> {
    const age = this.#clock.monotonic() - this.#loadedAt
    let find = this.#find
    if (find === undefined || age > usableMs) find = await this.#load()
    // Its failure is kept, and told when the old keys are of no more use.
    else if (age > freshMs) this.#load().catch(() => undefined)
    try {
      return await find(header, token)
    } catch (error) {
      const mayBeNew = this.#clock.monotonic() - this.#loadedAt >= unknownKeyPauseMs
      if (!(error instanceof errors.JWKSNoMatchingKey) || !mayBeNew) throw error
      return (await this.#load())(header, token)
    }
  }

  #load(): Promise<FindKey> {
    const failure = this.#failure
    if (failure !== undefined && this.#clock.monotonic() - failure.at < failurePauseMs) {
      return Promise.reject(failure.error)
    }
    this.#loading ??= this.#ask().finally(() => (this.#loading = undefined))
    return this.#loading
  }

  async #ask(): Promise<FindKey> {
    const abort = new AbortController()
    const timer = this.#clock.setTimer(timeoutMs, () => abort.abort(new Error(`no answer within ${timeoutMs} ms`)))
    try {
      const headers = { accept: 'application/jwk-set+json, application/json' }
      // Elsewhere is not where it was told to look.
      const response = await fetch(this.#url, { headers, redirect: 'error', signal: abort.signal })
      const body = await bytesOf(response)
      if (response.status !== 200) throw new Error(`it answered ${response.status}`)
      this.#find = createLocalJWKSet(JSON.parse(body.toString()) as JSONWebKeySet)
      this.#loadedAt = this.#clock.monotonic()
      this.#failure = undefined
      return this.#find
    } catch (cause) {
      const error = new KeySetUnavailable(this.#url, cause)
      this.#failure = { at: this.#clock.monotonic(), error }
      throw error
    } finally {
      timer.cancel()
    }
  }
}

async function bytesOf({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

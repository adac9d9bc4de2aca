/**
 * Bodies of requests: read within their limits, and counted as long as they are used.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { encodingOf, Inflater } from './content-encoding.ts'
import { RequestRefused } from './errors.ts'
import type { Held, Memory, Urgency } from './memory.ts'

/** Of one request. */
export interface BodyWanted {
  readonly urgency: Urgency
  /** As it is sent, and of what it inflates to. */
  readonly maxBytes: number
}

export class Bodies {
  readonly #maxInflation: number
  readonly #memory: Memory
  readonly #inflater = new Inflater()

  /** @param maxInflation how many times as large as it was sent a body may become, beyond its first 64 KiB */
  constructor(maxInflation: number, memory: Memory) {
    this.#maxInflation = maxInflation
    this.#memory = memory
  }

  /**
   * Reads the body of `request` for `take`; what both hold is counted until `take` has settled.
   * @throws RequestRefused for an encoding that is not taken, a body that is too large, inflates too much or cannot be inflated, and when
   * there is no room
   */
  async use<T>(
    request: IncomingMessage,
    { urgency, maxBytes }: BodyWanted,
    take: (body: Buffer, held: Held) => Promise<T>,
  ): Promise<T> {
    const held = this.#memory.hold(urgency)
    try {
      return await take(await this.#read(request, held, maxBytes), held)
    } finally {
      held.release()
    }
  }

  async #read(request: IncomingMessage, held: Held, maxBytes: number): Promise<Buffer> {
    const encoding = encodingOf(request.headers['content-encoding'])
    if (declaredBytes(request) > maxBytes) throw tooLarge(maxBytes)
    const sent = await collect(request, maxBytes, held)
    if (encoding === undefined) return sent
    const packedBytes = held.bytes
    const body = await this.#inflater.inflate(sent, encoding, held, { maxBytes, maxInflation: this.#maxInflation })
    held.shrink(packedBytes)
    return body
  }
}

/**
 * What arrives until the end. What comes after a refusal is read by Node and dropped, so that the client is able to hear of it; the time
 * for the whole request bounds that.
 */
function collect(request: IncomingMessage, maxBytes: number, held: Held): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const onCut = (): void => reject(new RequestRefused('request-malformed', 'The connection ended within the body.'))
    if (request.destroyed) return onCut()
    const collected = new Collected(maxBytes, declaredBytes(request) || maxBytes, held)
    const onData = (chunk: Buffer): void => {
      try {
        collected.add(chunk)
      } catch (error) {
        request.off('data', onData)
        request.resume()
        reject(error as Error)
      }
    }
    request.on('data', onData)
    request.on('end', () => resolve(collected.bytes()))
    request.on('error', onCut)
    request.on('close', onCut)
  })
}

/** A list of chunks would not do: a body that comes byte by byte would take a hundred times its size. */
class Collected {
  readonly #maxBytes: number
  readonly #declaredBytes: number
  readonly #held: Held
  /** The first chunk itself, as most bodies have one only. */
  #buffer: Buffer = Buffer.alloc(0)
  #length = 0

  constructor(maxBytes: number, declaredBytes: number, held: Held) {
    this.#maxBytes = maxBytes
    this.#declaredBytes = declaredBytes
    this.#held = held
  }

  /** @throws RequestRefused */
  add(chunk: Buffer): void {
    const length = this.#length + chunk.length
    if (length > this.#maxBytes) throw tooLarge(this.#maxBytes)
    if (length > this.#buffer.length) this.#extend(chunk, length)
    else chunk.copy(this.#buffer, this.#length)
    this.#length = length
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Never at once to what `Content-Length` says: claiming much must not cost the gateway more than sending it. */
  #extend(chunk: Buffer, length: number): void {
    const isFirst = this.#length === 0
    const capacity = isFirst ? length : Math.min(this.#declaredBytes, Math.max(length, 2 * this.#buffer.length))
    this.#held.grow(capacity - this.#buffer.length)
    if (isFirst) {
      this.#buffer = chunk
      return
    }
    const larger = Buffer.allocUnsafeSlow(capacity)
    this.#buffer.copy(larger, 0, 0, this.#length)
    chunk.copy(larger, this.#length)
    this.#buffer = larger
  }
}

/** 0 where the request does not say. */
function declaredBytes(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0)
}

function tooLarge(maxBytes: number): RequestRefused {
  return new RequestRefused('too-large', `The body is larger than ${maxBytes} bytes: send less at once.`)
}

/**
 * Compressed bodies (RFC 9110, 8.4). A few bytes may claim to be gigabytes: what comes out is bounded while it comes.
 * @module
 */
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  type BrotliDecompress,
  type Gunzip,
  type Inflate,
  type ZstdDecompress,
} from 'node:zlib'
import { RequestRefused } from './errors.ts'
import type { Held } from './memory.ts'

export interface InflateLimits {
  /** Of what comes out. Bytes. */
  readonly maxBytes: number
  /** How many times as large as it was sent a body may become, beyond its first 64 KiB. */
  readonly maxInflation: number
}

type Decoder = Gunzip | Inflate | BrotliDecompress | ZstdDecompress

const decoders = {
  gzip: () => createGunzip(),
  deflate: () => createInflate({ rejectGarbageAfterEnd: true }),
  br: () => createBrotliDecompress({ rejectGarbageAfterEnd: true }),
  // A frame may ask for 128 MiB; RFC 9659 lets HTTP have 8 MiB.
  zstd: () => createZstdDecompress({ rejectGarbageAfterEnd: true, params: { [constants.ZSTD_d_windowLogMax]: 23 } }),
} satisfies Record<string, () => Decoder>

export type Encoding = keyof typeof decoders

/** For `Accept-Encoding` of an answer that refuses another one. */
export const encodings = Object.keys(decoders).join(', ')

/** Of a `Content-Encoding` header; `undefined` when the body is as it is. @throws RequestRefused */
export function encodingOf(header: string | undefined): Encoding | undefined {
  const name = header?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity') return undefined
  const encoding = name === 'x-gzip' ? 'gzip' : name
  if (Object.hasOwn(decoders, encoding)) return encoding as Encoding
  throw new RequestRefused('encoding-unsupported', `Bodies are taken as they are, or in one of ${encodings}.`)
}

/** Every body may inflate to this, however small it was. Bytes. */
const freeBytes = 64 * 1024
/** A decoder may hold 16 MiB of its own (brotli): so many work at once, as many as threads that could. */
const maxDecoders = 4

export class Inflater {
  readonly #waiting: (() => void)[] = []
  #running = 0

  /**
   * Inflates a body that is there as a whole: a decoder that waited for a slow client would hold its memory meanwhile. Stops at the limit.
   * @throws RequestRefused when it becomes too large, for its size or at all, when it is not what it says, and when there is no room
   */
  async inflate(packed: Buffer, encoding: Encoding, held: Held, limits: InflateLimits): Promise<Buffer> {
    if (this.#running === maxDecoders) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running++
    try {
      return await inflated(packed, encoding, limits, held)
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}

function inflated(packed: Buffer, encoding: Encoding, limits: InflateLimits, held: Held): Promise<Buffer> {
  const { maxBytes, maxInflation } = limits
  const fairBytes = Math.max(freeBytes, packed.length * maxInflation)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const decoder: Decoder = decoders[encoding]()
    decoder.on('data', (chunk: Buffer) => {
      try {
        bytes += chunk.length
        if (bytes > fairBytes) throw inflates(maxInflation)
        if (bytes > maxBytes) throw new RequestRefused('too-large', `The body inflates to more than ${maxBytes} bytes.`)
        held.grow(chunk.length)
        chunks.push(chunk)
      } catch (error) {
        decoder.destroy()
        reject(error as Error)
      }
    })
    decoder.on('end', () => resolve(Buffer.concat(chunks)))
    decoder.on('error', (cause) => {
      const detail = `The body is not ${encoding}, or it is cut off or damaged.`
      reject(new RequestRefused('body-invalid', detail, [], { cause }))
    })
    decoder.end(packed)
  })
}

function inflates(maxInflation: number): RequestRefused {
  return new RequestRefused(
    'body-inflates',
    `The body becomes more than ${maxInflation} times as large as it was sent: send it as it is.`,
  )
}

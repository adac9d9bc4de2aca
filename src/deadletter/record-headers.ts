/**
 * Record headers over a list in memory: what an original record has after the dead letter's own headers are taken off.
 * @module
 */
import type { RecordHeaders } from '../transport/index.ts'

type Pair = readonly [name: string, value: Uint8Array]

/** UTF-8 text of bytes; a byte order mark stays part of it. */
export function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** {@link RecordHeaders} of `pairs`, in their order. */
export class ListedHeaders implements RecordHeaders {
  readonly #pairs: readonly Pair[]

  constructor(pairs: readonly Pair[]) {
    this.#pairs = pairs
  }

  get(name: string): Uint8Array | undefined {
    return this.#pairs.findLast((pair) => pair[0] === name)?.[1]
  }

  text(name: string): string | undefined {
    const value = this.get(name)
    return value === undefined ? undefined : utf8(value)
  }

  [Symbol.iterator](): Iterator<Pair> {
    return this.#pairs[Symbol.iterator]()
  }
}

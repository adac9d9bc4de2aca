/**
 * Headers of a fetched record.
 * @module
 */
import { isUtf8 } from 'node:buffer'
import type { RecordHeaders } from '../index.ts'

type Entry = readonly [name: Buffer | null, value: Buffer | null]

const empty = Buffer.alloc(0)

/** Headers as the client parsed them; texts are made when asked for. Kafka's null value reads as an empty one. */
export class FetchedHeaders implements RecordHeaders {
  readonly #entries: readonly Entry[]

  constructor(entries: readonly Entry[]) {
    this.#entries = entries
  }

  get(name: string): Uint8Array | undefined {
    return this.#find(name)
  }

  text(name: string): string | undefined {
    return this.#find(name)?.toString('utf8')
  }

  eachText(take: (name: string, text: string | undefined) => void): void {
    for (const [name, value] of this.#entries) {
      const bytes = value ?? empty
      take(textOf(name), isUtf8(bytes) ? bytes.toString('utf8') : undefined)
    }
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: Uint8Array]> {
    for (const [name, value] of this.#entries) yield [textOf(name), value ?? empty]
  }

  #find(name: string): Buffer | undefined {
    for (let at = this.#entries.length - 1; at >= 0; at--) {
      const [each, value] = this.#entries[at]!
      if (textOf(each) === name) return value ?? empty
    }
    return undefined
  }
}

function textOf(name: Buffer | null): string {
  return (name ?? empty).toString('utf8')
}

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
    for (let nth = 0; nth < this.#entries.length; nth++) {
      const [name, value] = this.#entries[nth]!
      const seen = (lastSeen[nth & 15] ??= { name: '', text: '' })
      const bytes = value ?? empty
      if (!isText(name ?? empty, seen.name)) seen.name = textOf(name)
      if (isText(bytes, seen.text)) take(seen.name, seen.text)
      else if (isUtf8(bytes)) take(seen.name, (seen.text = bytes.toString('utf8')))
      else take(seen.name, undefined)
    }
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: Uint8Array]> {
    for (const [name, value] of this.#entries) yield [textOf(name), value ?? empty]
  }

  /** Names are compared as bytes, and mostly by their length: a text for each would cost more than what is looked for. */
  #find(name: string): Buffer | undefined {
    const wanted = nameBytes(name)
    for (let at = this.#entries.length - 1; at >= 0; at--) {
      const [each, value] = this.#entries[at]!
      if ((each ?? empty).length === wanted.length && wanted.equals(each ?? empty)) return value ?? empty
    }
    return undefined
  }
}

/**
 * Names and texts of the header at each place of the record read last: neighbours have most of them in common, and comparing is cheaper
 * than making a text anew.
 */
const lastSeen: { name: string; text: string }[] = []

/** Whether the bytes are this text, of ASCII. */
function isText(bytes: Buffer, text: string): boolean {
  if (bytes.length !== text.length) return false
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== text.charCodeAt(i) || bytes[i]! > 0x7f) return false
  return true
}

const names = new Map<string, Buffer>()

/** The names in use are few and asked for with every record, so they are kept (up to a bound). */
function nameBytes(name: string): Buffer {
  let bytes = names.get(name)
  if (bytes === undefined) {
    bytes = Buffer.from(name)
    if (names.size < 1_000) names.set(name, bytes)
  }
  return bytes
}

function textOf(name: Buffer | null): string {
  return (name ?? empty).toString('utf8')
}

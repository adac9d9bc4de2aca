/**
 * Headers of a fetched record.
 * @module
 */
import { isUtf8 } from 'node:buffer'
import type { RecordHeaders } from '../index.ts'
import { Varints } from './varints.ts'

const empty = Buffer.alloc(0)

/** Headers as they lie in the answer; read when asked for. Kafka's null value reads as an empty one. */
export class FetchedHeaders implements RecordHeaders {
  readonly #bytes: Buffer
  readonly #start: number
  readonly #count: number

  /** @param start where the first of `count` headers begins */
  constructor(bytes: Buffer, start: number, count: number) {
    this.#bytes = bytes
    this.#start = start
    this.#count = count
  }

  get(name: string): Uint8Array | undefined {
    return this.#find(name)
  }

  text(name: string): string | undefined {
    return this.#find(name)?.toString('utf8')
  }

  eachText(take: (name: string, text: string | undefined) => void): void {
    const bytes = this.#bytes
    const at = new Varints(bytes, this.#start)
    for (let nth = 0; nth < this.#count; nth++) {
      const seen = (lastSeen[nth & 15] ??= { name: '', text: '' })
      const nameLength = Math.max(0, at.next())
      const nameAt = at.skip(nameLength)
      const length = Math.max(0, at.next())
      const valueAt = at.skip(length)
      if (!isText(bytes, nameAt, nameLength, seen.name)) seen.name = bytes.toString('utf8', nameAt, nameAt + nameLength)
      if (isText(bytes, valueAt, length, seen.text)) take(seen.name, seen.text)
      else if (isUtf8(bytes.subarray(valueAt, valueAt + length))) {
        take(seen.name, (seen.text = bytes.toString('utf8', valueAt, valueAt + length)))
      } else take(seen.name, undefined)
    }
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: Uint8Array]> {
    const at = new Varints(this.#bytes, this.#start)
    for (let nth = 0; nth < this.#count; nth++) {
      const name = (at.bytes() ?? empty).toString('utf8')
      yield [name, at.bytes() ?? empty]
    }
  }

  /** The last of that name. Names are compared as bytes, and mostly by their length: texts would cost more than what is looked for. */
  #find(name: string): Buffer | undefined {
    const wanted = nameBytes(name)
    const at = new Varints(this.#bytes, this.#start)
    let found: Buffer | undefined
    for (let nth = 0; nth < this.#count; nth++) {
      const length = Math.max(0, at.next())
      const nameAt = at.skip(length)
      const isWanted = length === wanted.length && wanted.compare(this.#bytes, nameAt, nameAt + length) === 0
      const valueLength = Math.max(0, at.next())
      const valueAt = at.skip(valueLength)
      if (isWanted) found = this.#bytes.subarray(valueAt, valueAt + valueLength)
    }
    return found
  }
}

/**
 * Names and texts of the header at each place of the record read last: neighbours have most of them in common, and comparing is cheaper
 * than making a text anew.
 */
const lastSeen: { name: string; text: string }[] = []

/** Whether the bytes are this text, of ASCII. */
function isText(bytes: Buffer, start: number, length: number, text: string): boolean {
  if (length !== text.length) return false
  // From the end: ids and times of neighbours begin alike.
  for (let i = length - 1; i >= 0; i--) {
    const byte = bytes[start + i]!
    if (byte !== text.charCodeAt(i) || byte > 0x7f) return false
  }
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

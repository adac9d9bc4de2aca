/**
 * Headers of a stored record, decoded only when somebody asks.
 * @module
 */
import { isUtf8 } from 'node:buffer'
import type { RecordHeaders } from '../index.ts'

/** Reads headers in place: `[varint length][name][varint length][value]…` in `bytes` from `start` to `end`. */
export class PackedHeaders implements RecordHeaders {
  readonly #bytes: Buffer
  readonly #start: number
  readonly #end: number

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
  }

  get(name: string): Uint8Array | undefined {
    const found = this.#find(name)
    return found === undefined ? undefined : view(this.#bytes, found[0], found[1])
  }

  text(name: string): string | undefined {
    const found = this.#find(name)
    return found === undefined ? undefined : this.#bytes.toString('utf8', found[0], found[1])
  }

  eachText(take: (name: string, text: string | undefined) => void): void {
    const bytes = this.#bytes
    let at = this.#start
    for (let nth = 0; at < this.#end; nth++) {
      const seen = (lastSeen[nth & 15] ??= { name: '', text: '' })
      const nameLength = varintAt(bytes, at)
      at += varintBytes(nameLength)
      if (!isText(bytes, at, nameLength, seen.name)) seen.name = bytes.toString('utf8', at, at + nameLength)
      at += nameLength
      const valueLength = varintAt(bytes, at)
      at += varintBytes(valueLength)
      let text: string | undefined = seen.text
      if (!isText(bytes, at, valueLength, text)) {
        text = strictText(bytes, at, at + valueLength)
        seen.text = text ?? ''
      }
      at += valueLength
      take(seen.name, text)
    }
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: Uint8Array]> {
    const cursor = { at: this.#start }
    while (cursor.at < this.#end) {
      const nameLength = readVarint(this.#bytes, cursor)
      const name = this.#bytes.toString('utf8', cursor.at, (cursor.at += nameLength))
      const valueLength = readVarint(this.#bytes, cursor)
      yield [name, view(this.#bytes, cursor.at, (cursor.at += valueLength))]
    }
  }

  /** Where the last value of `name` lies. Names are compared as bytes, so nothing is decoded on the way. */
  #find(name: string): readonly [start: number, end: number] | undefined {
    const wanted = nameBytes(name)
    const bytes = this.#bytes
    const cursor = { at: this.#start }
    let found: readonly [number, number] | undefined
    while (cursor.at < this.#end) {
      const nameLength = readVarint(bytes, cursor)
      const nameStart = cursor.at
      cursor.at += nameLength
      const valueLength = readVarint(bytes, cursor)
      if (nameLength === wanted.length && same(bytes, nameStart, wanted)) found = [cursor.at, cursor.at + valueLength]
      cursor.at += valueLength
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
function isText(bytes: Uint8Array, at: number, length: number, text: string): boolean {
  if (length !== text.length) return false
  for (let i = 0; i < length; i++) if (bytes[at + i] !== text.charCodeAt(i) || bytes[at + i]! > 0x7f) return false
  return true
}

function strictText(bytes: Buffer, start: number, end: number): string | undefined {
  for (let at = start; at < end; at++) {
    if (bytes[at]! > 0x7f) return isUtf8(bytes.subarray(start, end)) ? bytes.toString('utf8', start, end) : undefined
  }
  return bytes.toString('latin1', start, end)
}

function view(bytes: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

function same(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false
  return true
}

/** An unsigned LEB128 number. */
function varintAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]!
  return byte < 0x80 ? byte : readVarint(bytes, { at })
}

/** Bytes that a number takes. */
function varintBytes(value: number): number {
  let bytes = 1
  for (; value >= 0x80; value /= 0x80) bytes++
  return bytes
}

/** Reads an unsigned LEB128 number and moves the cursor behind it. */
export function readVarint(bytes: Uint8Array, cursor: { at: number }): number {
  let byte = bytes[cursor.at++]!
  if (byte < 0x80) return byte
  let value = byte & 0x7f
  for (let factor = 0x80; ; factor *= 0x80) {
    byte = bytes[cursor.at++]!
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return value
  }
}

const names = new Map<string, Uint8Array>()

/** UTF-8 of a header name. The names in use are few and repeat with every record, so they are kept (up to a bound). */
export function nameBytes(name: string): Uint8Array {
  let bytes = names.get(name)
  if (bytes === undefined) {
    bytes = Buffer.from(name)
    if (names.size < 1_000 && name.length <= 256) names.set(name, bytes)
  }
  return bytes
}

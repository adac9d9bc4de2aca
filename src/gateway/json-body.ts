/**
 * JSON as it comes over the network: bounded in depth before it is parsed, and never taken for something else than it says.
 * @module
 */
import { fromJson } from '../event/index.ts'
import { RequestRefused } from './errors.ts'

/** Deeper nesting is refused; a payload may have 200 levels, and it lies in an event in a batch. */
export const maxDepth = 202

/** @throws RequestRefused for what is not JSON in UTF-8, too deep, or has a number that would be altered */
export function jsonBody(bytes: Uint8Array): unknown {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw new RequestRefused(
      'body-invalid',
      'The body begins with a byte order mark, which JSON does not have: leave it out.',
    )
  }
  const { isTooDeep, hasLongNumber } = glanceAt(bytes)
  if (isTooDeep) {
    throw new RequestRefused('body-invalid', `The body is nested deeper than ${maxDepth} levels.`)
  }
  let value: unknown
  try {
    value = fromJson(bytes)
  } catch (error) {
    throw new RequestRefused('body-invalid', `The body ${(error as Error).message}.`, [], { cause: error })
  }
  if (hasLongNumber) refuseAlteredNumbers(bytes)
  return value
}

interface Glance {
  readonly isTooDeep: boolean
  /** A number may be longer than what is kept as it is. */
  readonly hasLongNumber: boolean
}

/** Digits of which every number is kept as it is. */
const safeDigits = 15

/** One pass over the bytes, before anything is made of them; texts are passed over. */
function glanceAt(bytes: Uint8Array): Glance {
  let depth = 0
  let digits = 0
  let hasLongNumber = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte >= 0x30 && byte <= 0x39) {
      if (++digits > safeDigits) hasLongNumber = true
      continue
    }
    // A fraction's digits count on; an exponent may make anything of the number before it.
    if (byte === 0x65 || byte === 0x45) {
      if (digits > 0) hasLongNumber = true
    } else if (byte !== 0x2e) digits = 0
    if (byte === 0x22) at = endOfText(bytes, at + 1)
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) return { isTooDeep: true, hasLongNumber }
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return { isTooDeep: false, hasLongNumber }
}

/** Beyond this many bytes a search by the engine is faster than a loop. */
const shortText = 24

/** Where the text that begins at `from` has its closing quotation mark; the end when it has none. */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = from
  for (const far = from + shortText; at < far && at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === 0x5c) at++
    else if (byte === 0x22) return at
  }
  for (;;) {
    const quote = bytes.indexOf(0x22, at)
    if (quote === -1) return bytes.length
    let escapes = 0
    while (quote - escapes > at && bytes[quote - escapes - 1] === 0x5c) escapes++
    if (escapes % 2 === 0) return quote
    at = quote + 1
  }
}

/** A number beside what may surround it; texts are taken whole, so that digits in them are none. */
const textOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

/** 2^53 + 1 would become 2^53, and 1e400 infinite: whoever wrote it meant something else. */
function refuseAlteredNumbers(bytes: Uint8Array): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  for (const [found] of text.matchAll(textOrNumber)) {
    if (found.startsWith('"')) continue
    const value = Number(found)
    const isAltered = !Number.isFinite(value) || (/^-?\d+$/.test(found) && !Number.isSafeInteger(value))
    if (!isAltered) continue
    const shown = found.length > 40 ? `${found.slice(0, 40)}...` : found
    throw new RequestRefused(
      'body-invalid',
      `The number ${shown} cannot be kept as it is (integers up to 2^53 - 1 can): send it as text.`,
    )
  }
}

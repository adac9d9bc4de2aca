/**
 * JSON as it comes over the network: bounded in depth before it is parsed, and never taken for something else than it says.
 * @module
 */
import { fromJson } from '../event/index.ts'
import { RequestRefused } from './errors.ts'

/** Deeper nesting is refused; a payload may have 200 levels, and it lies in an event in a batch. */
export const maxDepth = 202

/** Told how many marks (`[`, `{`, commas and colons outside of texts) there are, before it is parsed; throws when there is no room. */
export type Weigh = (marks: number) => void

/** @throws RequestRefused for what is not JSON in UTF-8, too deep, a field twice or a number that would be altered, and what `weigh` throws */
export function jsonBody(bytes: Uint8Array, weigh?: Weigh): unknown {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw new RequestRefused(
      'body-invalid',
      'The body begins with a byte order mark, which JSON does not have: leave it out.',
    )
  }
  const { isTooDeep, hasLongNumber, marks, fields } = outlineOf(bytes)
  if (isTooDeep) {
    throw new RequestRefused('body-invalid', `The body is nested deeper than ${maxDepth} levels.`)
  }
  weigh?.(marks)
  let value: unknown
  try {
    value = fromJson(bytes)
  } catch (error) {
    throw new RequestRefused('body-invalid', `The body ${(error as Error).message}.`, [], { cause: error })
  }
  if (fieldsOf(value) !== fields) {
    throw new RequestRefused('body-invalid', 'A field of the body is there twice: only one of them could be kept.')
  }
  if (hasLongNumber) refuseAlteredNumbers(bytes)
  return value
}

interface Outline {
  readonly isTooDeep: boolean
  /** A number may be longer than what is kept as it is. */
  readonly hasLongNumber: boolean
  readonly fields: number
  readonly marks: number
}

/** Digits of which every number is kept as it is, and digits of an exponent that make no number infinite. */
const safeDigits = 15
const safeExponentDigits = 2

/** One pass over the bytes, before anything is made of them; texts are passed over. */
function outlineOf(bytes: Uint8Array): Outline {
  let depth = 0
  let digits = 0
  let safe = safeDigits
  let hasLongNumber = false
  let fields = 0
  let marks = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte >= 0x30 && byte <= 0x39) {
      if (++digits > safe) hasLongNumber = true
      continue
    }
    if (byte === 0x65 || byte === 0x45) {
      if (digits > 0) safe = safeExponentDigits
      digits = 0
      continue
    }
    // A fraction's digits count on, and a sign may stand before those of an exponent.
    if (byte === 0x2e || byte === 0x2b || byte === 0x2d) continue
    digits = 0
    safe = safeDigits
    if (byte === 0x22) at = endOfText(bytes, at + 1)
    else if (byte === 0x2c) marks++
    else if (byte === 0x3a) fields++
    else if (byte === 0x7b || byte === 0x5b) {
      marks++
      if (++depth > maxDepth) return { isTooDeep: true, hasLongNumber, fields, marks: marks + fields }
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return { isTooDeep: false, hasLongNumber, fields, marks: marks + fields }
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

/** Fields of all objects in it; fewer than are written when one is there twice. Not deeper than `maxDepth`. */
function fieldsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let sum = 0
  if (Array.isArray(value)) {
    for (const each of value as readonly unknown[]) sum += fieldsOf(each)
    return sum
  }
  for (const name in value) sum += 1 + fieldsOf((value as Record<string, unknown>)[name])
  return sum
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

/**
 * What JSON is made of, found by one pass over its bytes before anything is made of them; texts are passed over.
 * @module
 */

/** Deeper nesting is refused; a payload may have 200 levels, and it lies in an event in a batch. */
export const maxDepth = 202

/** Digits of which every number is kept as it is, and digits of an exponent that make no number infinite. */
const safeDigits = 15
const safeExponentDigits = 2

/** Of one value, read on in pieces. Whether it is JSON at all is the parser's business. */
export class Outline {
  /** Fields of objects: colons. */
  fields = 0
  /** `[`, `{`, commas and colons. */
  marks = 0
  isTooDeep = false
  /** A number may be longer than what is kept as it is. */
  hasLongNumber = false
  /** It ended: at a comma or a closing bracket that is no part of it. */
  isEnded = false
  readonly #outerDepth: number
  #depth: number
  #digits = 0
  #safe = safeDigits

  /** @param outerDepth levels around it, which count too */
  constructor(outerDepth = 0) {
    this.#outerDepth = outerDepth
    this.#depth = outerDepth
  }

  /** Fields of objects and entries of lists, at least: an empty list counts as one with an entry. */
  get values(): number {
    return this.marks - this.fields
  }

  /** Reads on from `from`, as far as `to` or beyond it to the end of a text; where it stopped. */
  read(bytes: Uint8Array, from: number, to: number): number {
    const outerDepth = this.#outerDepth
    let depth = this.#depth
    let digits = this.#digits
    let safe = this.#safe
    let { fields, marks, hasLongNumber } = this
    let at = from
    for (; at < to; at++) {
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
      else if (byte === 0x2c) {
        if (depth === outerDepth) break
        marks++
      } else if (byte === 0x3a) {
        fields++
        marks++
      } else if (byte === 0x7b || byte === 0x5b) {
        marks++
        if (++depth > maxDepth) break
      } else if (byte === 0x7d || byte === 0x5d) {
        if (depth === outerDepth) break
        depth--
      }
    }
    this.isTooDeep = depth > maxDepth
    this.isEnded = at < to && !this.isTooDeep
    this.#depth = depth
    this.#digits = digits
    this.#safe = safe
    this.fields = fields
    this.marks = marks
    this.hasLongNumber = hasLongNumber
    return Math.min(at, bytes.length)
  }
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

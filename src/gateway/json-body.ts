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
  const { depth, marks, fields } = outlineOf(bytes)
  if (depth > maxDepth) {
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
  refuseAlteredNumbers(bytes)
  return value
}

interface Outline {
  readonly depth: number
  readonly fields: number
  readonly marks: number
}

/** What lies outside of texts; stops counting above the depth that is taken. */
function outlineOf(bytes: Uint8Array): Outline {
  let depth = 0
  let deepest = 0
  let fields = 0
  let marks = 0
  let inText = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (inText) {
      if (byte === 0x5c) at++
      else if (byte === 0x22) inText = false
    } else if (byte === 0x22) inText = true
    else if (byte === 0x2c) marks++
    else if (byte === 0x3a) fields++
    else if (byte === 0x7b || byte === 0x5b) {
      marks++
      if (++depth > deepest) deepest = depth
      if (depth > maxDepth) break
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return { depth: deepest, fields, marks: marks + fields }
}

/** Fewer than the text has when a name was there twice: the later one took the place of the earlier. */
function fieldsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) {
    let sum = 0
    for (const each of value as readonly unknown[]) sum += fieldsOf(each)
    return sum
  }
  let sum = 0
  for (const name in value) sum += 1 + fieldsOf((value as Record<string, unknown>)[name])
  return sum
}

const longNumber = /[\d.]{16}|[eE]\+?\d{3}/
/** A number beside what may surround it; texts are taken whole, so that digits in them are none. */
const textOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

/** 2^53 + 1 would become 2^53, and 1e400 infinite: whoever wrote it meant something else. */
function refuseAlteredNumbers(bytes: Uint8Array): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  if (!longNumber.test(text)) return
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

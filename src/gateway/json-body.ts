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
  const depth = depthOf(bytes)
  if (depth > maxDepth) {
    throw new RequestRefused('body-invalid', `The body is nested deeper than ${maxDepth} levels.`)
  }
  let value: unknown
  try {
    value = fromJson(bytes)
  } catch (error) {
    throw new RequestRefused('body-invalid', `The body ${(error as Error).message}.`, [], { cause: error })
  }
  refuseAlteredNumbers(bytes)
  return value
}

/** Depth of brackets outside of texts; stops counting above the limit. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0
  let deepest = 0
  let inText = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (inText) {
      if (byte === 0x5c) at++
      else if (byte === 0x22) inText = false
    } else if (byte === 0x22) inText = true
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) deepest = depth
      if (depth > maxDepth) return depth
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return deepest
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

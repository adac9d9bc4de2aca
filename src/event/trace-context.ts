/**
 * W3C Trace Context (level 2), as HTTP headers and the CloudEvents distributed tracing extension carry it.
 * @module
 */
import type { TraceExtensions } from '../channels.ts'

/** What a `traceparent` says. */
export interface TraceParent {
  /** 32 hexadecimal digits, not all 0. */
  readonly traceId: string
  /** 16 hexadecimal digits, not all 0. */
  readonly spanId: string
  /** Bit 0: sampled; bit 1: the trace id is random. Others are 0. */
  readonly flags: number
}

const form = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const knownFlags = 0x03

/** Undefined for what is none, and is to be ignored then. A later version is read as far as this one goes. */
export function parseTraceparent(text: unknown): TraceParent | undefined {
  const match = typeof text === 'string' && text.length <= 256 ? form.exec(text) : null
  if (!match) return undefined
  const [, version, traceId, spanId, flags, more] = match
  if (version === '00' && more !== undefined) return undefined
  return { traceId: traceId!, spanId: spanId!, flags: Number.parseInt(flags!, 16) & knownFlags }
}

export function traceparentText({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-0${flags & knownFlags}`
}

const maxTracestateLength = 512
const maxTracestateMembers = 32
const member = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** The members of a `tracestate`; undefined for what is none, and is to be left out then. */
export function parseTracestate(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > maxTracestateLength) return undefined
  const members = text.split(',').map((each) => each.trim())
  const named = members.filter((each) => each !== '')
  if (named.length === 0 || named.length > maxTracestateMembers || !named.every((each) => member.test(each))) {
    return undefined
  }
  return named.join(',')
}

/** The extension that carries these headers on; undefined where there is no valid `traceparent`. */
export function traceExtensions(traceparent: unknown, tracestate: unknown): TraceExtensions | undefined {
  const parent = parseTraceparent(traceparent)
  if (parent === undefined) return undefined
  const state = parseTracestate(tracestate)
  return { traceparent: traceparentText(parent), ...(state === undefined ? {} : { tracestate: state }) }
}

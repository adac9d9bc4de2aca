/**
 * Between what events and headers carry of a trace, and OpenTelemetry's context.
 * @module
 */
import { createTraceState, isSpanContextValid, type SpanContext } from '@opentelemetry/api'
import type { TraceExtensions } from '../../channels.ts'
import { parseTraceparent, parseTracestate, traceparentText } from '../../event/index.ts'

/** As headers and extensions have it: anything, perhaps. */
export interface TraceText {
  readonly traceparent?: string
  readonly tracestate?: string
}

/** Undefined for what is no valid `traceparent`. */
export function remoteOf(carried: TraceText): SpanContext | undefined {
  const parent = parseTraceparent(carried.traceparent)
  if (parent === undefined) return undefined
  const { traceId, spanId, flags } = parent
  const state = parseTracestate(carried.tracestate)
  return {
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  }
}

/** What an event carries of a span; undefined where there is none, as with a tracer that does nothing. */
export function extensionsOf(span: SpanContext): TraceExtensions | undefined {
  return isSpanContextValid(span) ? carrying(span) : undefined
}

/** As {@link extensionsOf}, of what is known to be valid. */
export function carrying(span: SpanContext): TraceExtensions {
  const { traceId, spanId, traceFlags } = span
  const tracestate = span.traceState?.serialize() ?? ''
  const traceparent = traceparentText({ traceId, spanId, flags: traceFlags })
  return tracestate === '' ? { traceparent } : { traceparent, tracestate }
}

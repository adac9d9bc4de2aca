/**
 * Spans of the gateway's requests: `POST /events`.
 * @module
 */
import {
  context,
  isSpanContextValid,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import type { RequestCall } from '../../channels.ts'
import { names } from './names.ts'
import { remoteOf } from './remote.ts'
import type { Sampling } from './sampling.ts'

export class RequestSpans {
  readonly #tracer: Tracer
  readonly #sampling: Sampling
  readonly #trustsCallers: boolean
  readonly #open = new WeakMap<RequestCall, Span>()

  /** @param trustsCallers whether a caller's trace is gone on with; else a new one is begun, with a link to it */
  constructor(tracer: Tracer, sampling: Sampling, trustsCallers: boolean) {
    this.#tracer = tracer
    this.#sampling = sampling
    this.#trustsCallers = trustsCallers
  }

  begin(call: RequestCall): void {
    call.carriesTrace = true
    // One of HTTP is there already, by instrumentation of Node.
    if (hasServerSpan(context.active())) return
    const { method, route, path, httpVersion, traceparent, tracestate } = call
    const remote = remoteOf({ traceparent: traceparent ?? '', tracestate: tracestate ?? '' })
    const isContinued = remote !== undefined && this.#trustsCallers
    const parent = isContinued ? trace.setSpanContext(context.active(), remote) : trace.deleteSpan(context.active())
    const unrecorded = this.#sampling.unrecorded(isContinued ? remote : undefined)
    if (unrecorded !== undefined) return runIn(call, trace.setSpanContext(parent, unrecorded))
    const attributes = {
      [names.httpMethod]: method,
      [names.httpRoute]: route,
      [names.httpVersion]: httpVersion,
      [names.urlPath]: path,
      [names.urlScheme]: 'http',
    }
    const links = remote === undefined || isContinued ? [] : [{ context: remote }]
    const span = this.#tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes, links }, parent)
    this.#open.set(call, span)
    runIn(call, trace.setSpan(context.active(), span))
  }

  end(call: RequestCall): void {
    const span = this.#open.get(call)
    if (span === undefined) return
    const { status } = call
    if (status !== undefined) span.setAttribute(names.httpStatus, status)
    // What a client did wrong is no failure of a server (semantic conventions of HTTP).
    if (status === undefined || status >= 500) {
      span.setAttribute(names.errorType, status === undefined ? 'connection-closed' : String(status))
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end()
  }
}

function runIn(call: RequestCall, inside: Context): void {
  const outer = call.run
  call.run = (rest) => outer(() => context.with(inside, rest))
}

/** A span that has ended is none of this request: the server was started in it, and what it hears inherits that. */
function hasServerSpan(active: Context): boolean {
  const span = trace.getSpan(active)
  if (span === undefined || !isSpanContextValid(span.spanContext())) return false
  return span.isRecording() || (span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0
}

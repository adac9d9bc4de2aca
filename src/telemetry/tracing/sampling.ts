/**
 * What is not recorded, told apart before anything is made of it: no span, no attributes, no sampler. All there is of it is its place in
 * a trace, which goes on events, so that nobody after it begins to record.
 * @module
 */
import { randomFillSync } from 'node:crypto'
import { ROOT_CONTEXT, trace, TraceFlags, type Context, type SpanContext } from '@opentelemetry/api'
import { remoteOf, type TraceText } from './remote.ts'

export class Sampling {
  readonly #keeps: (() => boolean) | undefined
  readonly #ids = new Ids()

  /** @param keeps asked of each trace that begins here; undefined: everything is the tracer's to decide */
  constructor(keeps: (() => boolean) | undefined) {
    this.#keeps = keeps
  }

  /** The place of what follows `parent` and is not recorded; undefined when a span is to be made. */
  unrecorded(parent: SpanContext | undefined): SpanContext | undefined {
    if (this.#keeps === undefined) return undefined
    // Nobody tells apart what nobody records: it has the place of its parent.
    if (parent !== undefined) return isSampled(parent) ? undefined : parent
    if (this.#keeps()) return undefined
    return { traceId: this.#ids.next(16), spanId: this.#ids.next(8), traceFlags: TraceFlags.NONE }
  }

  /** Whether what follows this surely is not recorded; what is no valid `traceparent` has no say. */
  goesOnUnrecorded(traceparent: string | undefined): boolean {
    return this.#keeps !== undefined && traceparent !== undefined && unsampled.test(traceparent)
  }
}

/** In the one version there is, with flags that are known; others are read at leisure. */
const unsampled = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[02]$/

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0
}

/** A context with the place in a trace that an event carries, made when somebody asks: in handlers that are not recorded nearly nobody does. */
export class LateContext implements Context {
  readonly #carried: TraceText
  #made: Context | undefined

  constructor(carried: TraceText) {
    this.#carried = carried
  }

  getValue(key: symbol): unknown {
    return this.#context().getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#context().setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    return this.#context().deleteValue(key)
  }

  #context(): Context {
    if (this.#made === undefined) {
      const place = remoteOf(this.#carried)
      this.#made = place === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, place)
    }
    return this.#made
  }
}

const bytesPerFill = 4_096
const noId = '0'.repeat(16)
const noTraceId = '0'.repeat(32)

/** Random ids, many from one call: each by itself costs more than all else that is made of what is not recorded. */
class Ids {
  readonly #bytes = Buffer.allocUnsafe(bytesPerFill)
  #hex = ''
  #at = 0

  next(bytes: 8 | 16): string {
    const length = 2 * bytes
    if (this.#at + length > this.#hex.length) {
      randomFillSync(this.#bytes)
      this.#hex = this.#bytes.toString('hex')
      this.#at = 0
    }
    const id = this.#hex.slice(this.#at, this.#at + length)
    this.#at += length
    // All 0 is no id. It will not come again.
    return id === noId || id === noTraceId ? this.next(bytes) : id
  }
}

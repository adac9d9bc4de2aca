/**
 * In front of the SDK's batches of spans: counts what has no room in them and says so.
 * @module
 */
import type * as Sdk from '@opentelemetry/sdk-trace'

/** Spans that wait to be exported, 512 at a time. As the specification has it. */
const maxWaiting = 2_048

/** The SDK drops what is more than its queue takes, and tells its own log of it only. */
export class SpanGate implements Sdk.SpanProcessor {
  readonly #batches: Sdk.SpanProcessor
  readonly #failed: (error: unknown) => void
  #waiting = 0
  #dropped = 0

  constructor(sdk: typeof Sdk, exporter: Sdk.SpanExporter, failed: (error: unknown) => void) {
    this.#failed = failed
    const counted: Sdk.SpanExporter = {
      export: (spans, done) => {
        this.#waiting -= spans.length
        this.#tell()
        exporter.export(spans, done)
      },
      forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
      shutdown: () => exporter.shutdown(),
    }
    this.#batches = new sdk.BatchSpanProcessor({ exporter: counted, maxQueueSize: maxWaiting })
  }

  onStart(): void {}

  onEnd(span: Sdk.ReadableSpan): void {
    if (this.#waiting >= maxWaiting) {
      this.#dropped++
      return
    }
    this.#waiting++
    this.#batches.onEnd(span)
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush()
  }

  shutdown(): Promise<void> {
    this.#tell()
    return this.#batches.shutdown()
  }

  /** With each export, not with each span: there are thousands when there is one. */
  #tell(): void {
    if (this.#dropped === 0) return
    const dropped = this.#dropped
    this.#dropped = 0
    this.#failed(new Error(`${dropped} spans were dropped: ${maxWaiting} were waiting to be exported.`))
  }
}

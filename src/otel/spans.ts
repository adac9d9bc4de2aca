/**
 * Traces by OTLP: spans of what is published, handled and taken over HTTP.
 * @module
 */
import type * as Sdk from '@opentelemetry/sdk-trace'
import type { Clock } from '../clock.ts'
import { TelemetryOptionInvalid } from './errors.ts'
import { loadTracePackages, type TracePackages } from './packages.ts'
import { SpanGate } from './span-gate.ts'
import { exporterConfig, resourceOf, type Target } from './target.ts'
import { within } from './within.ts'

export interface TracesOptions {
  /** Part of the traces that begin here that is kept, 0..1; others go as their beginning decided. Default 1. */
  readonly sampleRatio?: number
  /** As `traceWith` has it: whether the gateway goes on with the trace its callers name. Default true. */
  readonly trustCallers?: boolean
  /** As `traceWith` has it: a span for each event of a `publishMany`. Default true. */
  readonly createSpans?: boolean
}

/** Made in this process, exported every few seconds. What cannot be delivered is lost, and nobody waits for it. */
export class Spans {
  readonly #provider: Sdk.TracerProvider
  readonly #clock: Clock
  readonly #failed: (error: unknown) => void
  readonly #stopTracing: () => void

  private constructor(provider: Sdk.TracerProvider, { clock, failed }: Target, stopTracing: () => void) {
    this.#provider = provider
    this.#clock = clock
    this.#failed = failed
    this.#stopTracing = stopTracing
  }

  /** @throws TelemetryPackageMissing, TelemetryOptionInvalid */
  static async start(target: Target, options: TracesOptions): Promise<Spans> {
    const { sampleRatio = 1, ...tracing } = options
    if (!(sampleRatio >= 0 && sampleRatio <= 1))
      throw new TelemetryOptionInvalid('traces.sampleRatio', `is ${sampleRatio}; it takes a number from 0 to 1.`)
    const packages = await loadTracePackages()
    const { sdk, api, contexts, resources, tracing: room } = packages
    // One that the application has set is left as it is.
    api.context.setGlobalContextManager(new contexts.AsyncLocalStorageContextManager().enable())
    // Which traces begin is decided before a span is asked for, below: of those that are, all are kept.
    const root = new sdk.AlwaysOnSampler()
    const provider = new sdk.TracerProvider({
      resource: resourceOf(resources, target),
      sampler: new sdk.ParentBasedSampler({ root }),
      spanProcessors: [new SpanGate(sdk, exporterOf(packages, target), target.failed)],
    })
    const stopTracing = room.traceWith(provider.getTracer('veltrix', target.version), {
      ...tracing,
      keeps: () => Math.random() < sampleRatio,
    })
    return new Spans(provider, target, stopTracing)
  }

  flush(timeoutMs: number): Promise<void> {
    return this.#bounded(timeoutMs, this.#provider.forceFlush())
  }

  /** Spans that are open stay so. Resolves after `timeoutMs` in any case. */
  stop(timeoutMs: number): Promise<void> {
    this.#stopTracing()
    return this.#bounded(timeoutMs, this.#provider.shutdown())
  }

  async #bounded(timeoutMs: number, work: Promise<void>): Promise<void> {
    if (await within(this.#clock, timeoutMs, work)) return
    this.#failed(new Error(`The last spans could not be exported in ${timeoutMs} ms.`))
  }
}

/** Tells what failed, and lets the processor go on as if it had not. */
function exporterOf({ exporter: { OTLPTraceExporter } }: TracePackages, target: Target): Sdk.SpanExporter {
  const exporter = new OTLPTraceExporter(exporterConfig(target, 'v1/traces'))
  const { failed } = target
  return {
    export(spans, done) {
      exporter.export([...spans], ({ code, error }) => {
        if (code !== 0) failed(error)
        done({ code: 0 })
      })
    },
    forceFlush: () => exporter.forceFlush().catch(failed),
    shutdown: () => exporter.shutdown().catch(failed),
  }
}

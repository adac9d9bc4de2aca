/**
 * An application that is traced by OpenTelemetry's own SDK, on a real embedded log, and what its spans say.
 * @module
 */
import { context, trace, type Link, type SpanContext } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
  type TracerProviderOptions,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { createGateway, type GatewayOptions } from '../../../src/gateway/index.ts'
import { traceWith, type TracingOptions } from '../../../src/telemetry/tracing/index.ts'
import type { TestApp } from '../../../src/testing/index.ts'

/** What user code keeps active is kept by this, as in an application. To be called at the top of a test file. */
export function withContextManager(): void {
  beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
  afterAll(() => context.disable())
}

export { shop } from './shop.ts'

export interface Traced {
  readonly spans: () => readonly ReadableSpan[]
  /** The only one of that name. */
  readonly span: (name: string) => ReadableSpan
  readonly named: (name: string) => readonly ReadableSpan[]
  /** Resolves when so many spans of that name have ended. */
  readonly ended: (name: string, count?: number) => Promise<void>
  /** As user code or another instrumentation has one. */
  readonly tracer: ReturnType<TracerProvider['getTracer']>
  readonly stop: () => void
}

export function traced(options: TracingOptions = {}, sdk: TracerProviderOptions = {}): Traced {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ ...sdk, spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const stop = traceWith(provider.getTracer('veltrix'), options)
  onTestFinished(async () => {
    stop()
    await provider.shutdown()
  })
  const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans()
  const named = (name: string): readonly ReadableSpan[] => spans().filter((span) => span.name === name)
  return {
    spans,
    named,
    span(name) {
      expect(named(name)).toHaveLength(1)
      return named(name)[0]!
    },
    ended: async (name, count = 1) =>
      void (await expect.poll(() => named(name).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count)),
    tracer: provider.getTracer('user'),
    stop,
  }
}

export async function gatewayOf(test: TestApp<any, any>, options: GatewayOptions = {}) {
  const gateway = createGateway(test.app, { port: 0, logStallMs: 600_000, ...options })
  const url = await gateway.start()
  onTestFinished(() => gateway.close())
  return {
    url,
    post: (headers: Record<string, string>, body: unknown, path = '/events/order.placed') =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
  }
}

export const traceOf = (span: ReadableSpan): string => span.spanContext().traceId
export const idOf = (span: ReadableSpan): string => span.spanContext().spanId
export const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId
/** `[what, span id]` of each. */
export const linksOf = ({ links }: ReadableSpan): unknown[] =>
  links.map((link: Link) => [link.attributes?.['veltrix.link'], link.context.spanId])

/** A context as the caller's own tracing sends it. */
export const remote = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
export const traceparent = `00-${remote.traceId}-${remote.spanId}-01`

export function inSpan<T>(span: ReturnType<Traced['tracer']['startSpan']>, run: () => T): T {
  return context.with(trace.setSpan(context.active(), span), run)
}

export function activeSpan(): SpanContext | undefined {
  return trace.getSpanContext(context.active())
}

/** The only child among these. */
export function childOf(parent: ReadableSpan, among: readonly ReadableSpan[]): ReadableSpan {
  const children = among.filter((span) => parentOf(span) === idOf(parent))
  expect(children).toHaveLength(1)
  return children[0]!
}

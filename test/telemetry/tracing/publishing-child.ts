/**
 * A process of its own that publishes one order to Kafka in a span, and prints what its spans were.
 * `node publishing-child.ts <app> <brokers>`
 * @module
 */
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { veltrix } from '../../../src/index.ts'
import { traceWith } from '../../../src/telemetry/tracing/index.ts'
import { kafka } from '../../../src/transport/kafka/index.ts'
import { shop } from './shop.ts'

const [name = '', brokers = ''] = process.argv.slice(2)
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const exporter = new InMemorySpanExporter()
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
traceWith(provider.getTracer('veltrix'))

const app = veltrix(shop(name), { transport: kafka({ brokers: brokers.split(',') }) })
const checkout = provider.getTracer('user').startSpan('checkout')
await context.with(trace.setSpan(context.active(), checkout), () => app.publish('order.placed', { orderId: 'o-1' }))
checkout.end()
await app.stop()
const spans = exporter.getFinishedSpans().map((span) => ({
  name: span.name,
  ...span.spanContext(),
  parent: span.parentSpanContext?.spanId,
  attributes: span.attributes,
}))
process.stdout.write(JSON.stringify(spans))

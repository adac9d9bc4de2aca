/** Traces by OTLP, decoded from what is really sent. */
import { context } from '@opentelemetry/api'
import { afterAll, afterEach, expect, test } from 'vitest'
import { channelOf } from '../../src/channels.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { newRelic, telemetry, type TelemetryOptions } from '../../src/otel/index.ts'
import { otlpReceiver } from '../support/otlp/receiver.ts'
import { exercisedApp } from '../telemetry/metrics/exercised.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})
afterAll(() => context.disable())

async function traced(options: Omit<TelemetryOptions, 'otlp'>) {
  const collector = await otlpReceiver()
  cleanups.push(collector.close)
  const { app, remove } = await exercisedApp()
  cleanups.push(remove)
  const otlp = { ...newRelic({ licenseKey: 'secret-key' }), endpoint: collector.url }
  const running = await telemetry(app, { otlp, ...options })
  cleanups.push(() => running.stop({ timeoutMs: 0 }))
  await app.start()
  const gateway = createGateway(app, { port: 0 })
  const url = await gateway.start()
  cleanups.push(() => gateway.close())
  const post = (orderId: string) =>
    fetch(`${url}/events/order.exported`, {
      method: 'POST',
      body: JSON.stringify({ orderId }),
      headers: { 'content-type': 'application/json' },
    })
  const spans = () => collector.traces.flatMap((one) => one.spans)
  return { app, running, post, spans, collector }
}

test('one trace from the request to the handler goes out beside the metrics, and is of the same service', async () => {
  const { running, post, spans, collector } = await traced({ traces: true })
  expect((await post('o-1')).status).toBe(202)
  const named = (name: string) => spans().find((span) => span.name === name)
  await expect
    .poll(async () => (await running.flush(), named('process shop.orders.bulk') && named('POST /events/:type')), {
      timeout: 20_000,
    })
    .toBeTruthy()
  const [request, send, process] = [
    named('POST /events/:type')!,
    named('send shop.orders.bulk')!,
    named('process shop.orders.bulk')!,
  ]
  expect(send.parentSpanId).toBe(request.spanId)
  expect(process.parentSpanId).toBe(send.spanId)
  expect(new Set([request, send, process].map(({ traceId }) => traceId)).size).toBe(1)
  expect(process.attributes).toMatchObject({
    'messaging.system': 'veltrix',
    'messaging.consumer.group.name': 'shop.reports',
    'veltrix.lane': 'bulk',
  })
  const [sent] = collector.traces
  expect(sent!.headers).toMatchObject({ 'api-key': 'secret-key', 'content-encoding': 'gzip' })
  expect(sent!.resource['service.name']).toBe('shop')
  expect(sent!.resource['service.instance.id']).toBe(collector.exports.at(-1)!.resource['service.instance.id'])
  // Metrics and spans say the same of one thing.
  const metric = collector.exports.flatMap(({ metrics }) => metrics).find(({ name }) => /sent\.messages/.test(name))!
  for (const name of ['messaging.system', 'messaging.operation.name', 'messaging.destination.name'])
    expect(metric.points.map(({ attributes }) => attributes[name])).toContain(send.attributes[name])
})

test('of what is sampled away nothing goes out, and after stop nobody listens', async () => {
  const { app, running, post, spans } = await traced({ traces: { sampleRatio: 0 } })
  await post('o-1')
  const handled = () => app.status().flatMap(({ lanes }) => lanes.map(({ granted }) => granted))
  await expect.poll(() => Math.max(...handled()), { timeout: 20_000 }).toBe(1)
  await running.flush()
  expect(spans()).toEqual([])
  await running.stop()
  for (const name of ['veltrix:handler:begin', 'veltrix:publisher:begin', 'veltrix:request:begin'] as const)
    expect(channelOf(name).hasSubscribers).toBe(false)
})

test.each([
  [{ traces: true, prometheus: { port: 0 } }, 'traces'],
  [{ otlp: { endpoint: 'http://127.0.0.1:1' }, traces: { sampleRatio: 2 } }, 'traces.sampleRatio'],
])('%j is refused, naming %s', async (options, option) => {
  const { app, remove } = await exercisedApp()
  cleanups.push(remove)
  await expect(telemetry(app, { ...options, env: {} })).rejects.toMatchObject({ code: 'VLX_TELEMETRY_OPTION', option })
})

import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { labels, metrics, type MetricDefinition } from '../../src/telemetry/metrics/index.ts'
import { newRelic, telemetry, type OtlpOptions, type Telemetry, type TelemetryOptions } from '../../src/otel/index.ts'
import { otlpReceiver, type ReceivedExport, type ReceivedMetric } from '../support/otlp/receiver.ts'
import { exercisedApp } from '../telemetry/metrics/exercised.ts'

const table = new Map<string, MetricDefinition>(Object.values(metrics).map((metric) => [metric.name, metric]))

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function receiver() {
  const one = await otlpReceiver()
  cleanups.push(one.close)
  return one
}

/** A running application, measured. */
async function measured(options: TelemetryOptions) {
  const exercised = await exercisedApp()
  cleanups.push(exercised.remove)
  const running = await telemetry(exercised.app, options)
  cleanups.push(() => running.stop({ timeoutMs: 0 }))
  await exercised.app.start()
  return { ...exercised, running }
}

/** Exports until everything that was published is done and told. */
async function settled(running: Telemetry, got: { exports: ReceivedExport[] }): Promise<void> {
  const lagOf = () =>
    got.exports
      .at(-1)
      ?.metrics.find(({ name }) => name === 'veltrix.lag.events')
      ?.points.map(({ asDouble }) => asDouble)
  const states = () => got.exports.some((one) => one.metrics.some(({ name }) => name === 'veltrix.scheduler.granted'))
  await expect
    .poll(async () => (await running.flush(), states() && lagOf()?.every((lag) => lag === 0)), { timeout: 20_000 })
    .toBe(true)
}

/** All points of a metric over all exports. */
function pointsOf(exports: readonly ReceivedExport[], name: string): ReceivedMetric['points'] {
  return exports.flatMap((one) => one.metrics.filter((metric) => metric.name === name).flatMap(({ points }) => points))
}

function sumOf(points: ReceivedMetric['points'], where: Readonly<Record<string, string>>): number {
  return points
    .filter(({ attributes }) => Object.entries(where).every(([name, value]) => attributes[name] === value))
    .reduce((sum, { asDouble, count }) => sum + (count === undefined ? asDouble! : Number(count)), 0)
}

function checkAgainstTable(exports: readonly ReceivedExport[], kind: 'histogram' | 'exponentialHistogram'): void {
  for (const metric of exports.flatMap((one) => one.metrics)) {
    const row = table.get(metric.name)!
    expect({ name: metric.name, unit: metric.unit, description: metric.description }).toEqual({
      name: row.name,
      unit: row.unit,
      description: row.description,
    })
    expect(metric.kind).toBe({ counter: 'sum', gauge: 'gauge', histogram: kind }[row.instrument])
    for (const { attributes } of metric.points)
      expect(row.labels).toEqual(expect.arrayContaining(Object.keys(attributes)))
  }
}

describe('as New Relic wants it', () => {
  test('path, key, gzip, delta, exponential histograms; every metric by the table; the figures of a real run', async () => {
    const got = await receiver()
    const recipe: OtlpOptions = { ...newRelic({ licenseKey: 'secret-key' }), endpoint: got.url }
    const { running, exercise } = await measured({ otlp: recipe, lookEveryMs: 200 })
    await exercise()
    await settled(running, got)
    await running.stop()
    const { exports } = got
    for (const one of exports) {
      expect(one.path).toBe('/v1/metrics')
      expect(one.headers).toMatchObject({
        'api-key': 'secret-key',
        'content-type': 'application/x-protobuf',
        'content-encoding': 'gzip',
      })
      // New Relic takes at most a million bytes at once.
      expect(one.bytes).toBeLessThan(1_000_000)
      expect(one.resource).toMatchObject({
        'service.name': 'shop',
        'service.instance.id': expect.stringMatching(/^[\da-f-]{36}$/),
      })
    }
    checkAgainstTable(exports, 'exponentialHistogram')
    for (const { kind, temporality, isMonotonic, points } of exports.flatMap(({ metrics: all }) => all)) {
      if (kind === 'gauge') continue
      expect(temporality).toBe('AGGREGATION_TEMPORALITY_DELTA')
      if (kind === 'sum') expect(isMonotonic).toBe(true)
      for (const { startTimeUnixNano, timeUnixNano } of points)
        expect(BigInt(startTimeUnixNano)).toBeLessThanOrEqual(BigInt(timeUnixNano))
    }
    // Deltas add up to what was done.
    const of = (name: string, where: Record<string, string> = {}) => sumOf(pointsOf(exports, name), where)
    expect(of('messaging.client.sent.messages', { 'messaging.destination.name': 'shop.orders.urgent' })).toBe(23)
    expect(of('messaging.client.sent.messages', { 'messaging.destination.name': 'shop.orders.bulk' })).toBe(21)
    const billing = { 'messaging.consumer.group.name': 'shop.billing' }
    expect(of('messaging.process.duration', { ...billing, 'error.type': 'CardDeclined' })).toBe(1)
    expect(of('messaging.process.duration', { ...billing, 'error.type': 'VLX_UNRECOVERABLE' })).toBe(1)
    expect(of('messaging.client.consumed.messages', billing)).toBe(23)
    expect(of('veltrix.retries', { 'veltrix.subscription': 'billing', 'error.type': 'CardDeclined' })).toBe(1)
    expect(of('veltrix.dead_letters.kept', { 'veltrix.reason': 'unrecoverable', 'veltrix.lane': 'urgent' })).toBe(1)
    expect(of('veltrix.parked.events')).toBe(1)
    expect(of('veltrix.wait.duration', { 'veltrix.subscription': 'reports', 'veltrix.lane': 'bulk' })).toBe(21)
    expect(of('veltrix.end_to_end.duration', { 'veltrix.subscription': 'billing' })).toBe(21)
    const answers = { 'http.route': '/events/:type', 'http.request.method': 'POST' }
    expect(
      of('http.server.request.duration', { ...answers, 'http.response.status_code': '202', 'veltrix.lane': 'bulk' }),
    ).toBe(1)
    const refused = { ...answers, 'http.response.status_code': '400' }
    expect(of('http.server.request.duration', { ...refused, 'veltrix.lane': 'bulk' })).toBe(1)
    // One of a type that there is not.
    expect(of('http.server.request.duration', refused)).toBe(2)
    expect(of('http.server.request.duration', { 'http.route': 'unmatched' })).toBe(1)
    const unresolved = pointsOf(exports.slice(-1), 'veltrix.dead_letters.unresolved')
    expect(sumOf(unresolved, { 'veltrix.subscription': 'billing', 'veltrix.status': 'dead' })).toBe(1)
    expect(sumOf(unresolved, { 'veltrix.subscription': 'billing', 'veltrix.status': 'parked' })).toBe(1)
    // What a run with nothing wrong cannot show.
    const silent = ['veltrix.delivery', 'veltrix.handlers.stuck', 'veltrix.stalls', 'veltrix.pauses']
    const also = ['veltrix.troubles', 'veltrix.duplicates', 'veltrix.id_conflicts']
    const seen = new Set(exports.flatMap((one) => one.metrics.map(({ name }) => name)))
    expect([...table.keys()].filter((name) => !seen.has(name)).toSorted()).toEqual([...silent, ...also].toSorted())
  })

  test('what was granted and used, to the last start', async () => {
    const got = await receiver()
    const { app, running, exercise } = await measured({ otlp: { endpoint: got.url } })
    await exercise()
    const granted = () => app.status().map(({ lanes }) => lanes.reduce((sum, lane) => sum + lane.granted, 0))
    // billing: 22 and one again; reports: all 44.
    await expect.poll(() => granted().toSorted((a, b) => a - b), { timeout: 20_000 }).toEqual([23, 44])
    await app.stop()
    await running.stop()
    const last = got.exports.slice(-1)
    const starts = pointsOf(last, 'veltrix.scheduler.granted')
    expect(sumOf(starts, { 'veltrix.subscription': 'billing' })).toBe(23)
    expect(sumOf(starts, { 'veltrix.subscription': 'reports', 'veltrix.lane': 'bulk' })).toBe(21)
    expect(sumOf(pointsOf(last, 'veltrix.scheduler.slot_time'), {})).toBeGreaterThan(0)
  })

  test('nothing that tells one event from another is a label', async () => {
    const got = await receiver()
    const { running, exercise } = await measured({ otlp: { endpoint: got.url }, lookEveryMs: 200 })
    await exercise()
    await settled(running, got)
    const values = got.exports.flatMap((one) => one.metrics.flatMap(({ points }) => points))
    const all = new Set(values.flatMap(({ attributes }) => Object.values(attributes)))
    for (const value of all) expect(value).not.toMatch(/good-|slow|bad|by-http|[\da-f]{8}-/)
    for (const { attributes } of values)
      for (const name of Object.keys(attributes)) expect(labels).toHaveProperty([name])
  })
})

describe('by the environment and options', () => {
  test('cumulative with explicit buckets is the default; the sums grow', async () => {
    const got = await receiver()
    const { running, exercise } = await measured({ otlp: { endpoint: `${got.url}/` }, lookEveryMs: 200 })
    await exercise()
    await settled(running, got)
    checkAgainstTable(got.exports, 'histogram')
    const last = got.exports.at(-1)!
    const wait = last.metrics.find(({ name }) => name === 'veltrix.wait.duration')!
    expect(wait.temporality).toBe('AGGREGATION_TEMPORALITY_CUMULATIVE')
    for (const { count, bucketCounts, explicitBounds } of wait.points) {
      expect(explicitBounds).toEqual(metrics.wait.bounds)
      expect(bucketCounts!.reduce((sum, bucket) => sum + Number(bucket), 0)).toBe(Number(count))
    }
    expect(sumOf(pointsOf([last], 'messaging.client.sent.messages'), {})).toBe(44)
    expect(last.headers['content-encoding']).toBe(undefined)
  })

  test('OTEL_ variables name the endpoint, headers, resource, temporality and histograms', async () => {
    const got = await receiver()
    const variables = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${got.url}/base`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=blue',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.version=7',
      OTEL_SERVICE_NAME: 'till',
    }
    Object.assign(process.env, variables)
    cleanups.push(async () => {
      for (const name of Object.keys(variables)) delete process.env[name]
    })
    const { app, running } = await measured({})
    await app.publish('order.exported', { orderId: 'o' })
    await running.flush()
    const [first] = got.exports
    expect(first).toMatchObject({
      path: '/base/v1/metrics',
      headers: { 'x-tenant': 'blue', 'content-encoding': 'gzip' },
      resource: { 'service.name': 'till', 'service.version': '7', 'deployment.environment.name': 'test' },
    })
    checkAgainstTable(got.exports, 'exponentialHistogram')
    expect(first!.metrics.find(({ kind }) => kind === 'sum')!.temporality).toBe('AGGREGATION_TEMPORALITY_DELTA')
  })

  test.each([
    [{}, {}, 'telemetry()'],
    [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }, 'telemetry()'],
    [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_METRICS_EXPORTER: 'none' }, 'telemetry()'],
    [{ otlp: { endpoint: 'collector:4318' } }, {}, 'otlp.endpoint'],
    [{ otlp: { endpoint: 'http://127.0.0.1:1', intervalMs: 0 } }, {}, 'otlp.intervalMs'],
    [{ otlp: true }, { OTEL_METRIC_EXPORT_INTERVAL: 'soon' }, 'OTEL_METRIC_EXPORT_INTERVAL'],
    [{ prometheus: { port: 0 }, lookEveryMs: 0 }, {}, 'lookEveryMs'],
  ] as const)('%j with %j is refused, naming %s', async (options, env, option) => {
    const exercised = await exercisedApp()
    cleanups.push(exercised.remove)
    const refused = telemetry(exercised.app, { ...options, env })
    await expect(refused).rejects.toMatchObject({ code: 'VLX_TELEMETRY_OPTION', option })
  })

  test('the recipe for New Relic: by region, and not without a key', () => {
    expect(newRelic({ licenseKey: 'abc' }).endpoint).toBe('https://otlp.nr-data.net')
    expect(newRelic({ licenseKey: 'eu01xxabc' }).endpoint).toBe('https://otlp.eu01.nr-data.net')
    expect(newRelic({ licenseKey: 'abc', region: 'eu' }).endpoint).toBe('https://otlp.eu01.nr-data.net')
    expect(() => newRelic({ licenseKey: '' })).toThrow(expect.objectContaining({ option: 'licenseKey' }))
  })
})

describe('a collector that is not well hurts nobody', () => {
  test.each([
    ['is not there', 'refuses'],
    ['takes the connection and never answers', 'hangs'],
    ['answers 500 to everything', 'fails'],
  ] as const)('one that %s', async (_title, kind) => {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      if (kind === 'fails')
        socket.on('data', () => socket.end('HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'))
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const close = async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => void server.close(resolve))
    }
    if (kind === 'refuses') await close()
    else cleanups.push(close)
    const failures: unknown[] = []
    const { running, app, exercise } = await measured({
      otlp: { endpoint: `http://127.0.0.1:${port}`, intervalMs: 50, timeoutMs: 50 },
      onFailure: (error) => failures.push(error),
    })
    await exercise()
    await expect.poll(() => failures.length, { timeout: 20_000 }).toBeGreaterThan(2)
    // Published and handled all the same.
    const handled = () => app.status().map(({ lanes }) => lanes.reduce((sum, { granted }) => sum + granted, 0))
    await expect.poll(() => Math.min(...handled()), { timeout: 20_000 }).toBeGreaterThan(20)
    const before = performance.now()
    await running.stop({ timeoutMs: 100 })
    expect(performance.now() - before).toBeLessThan(10_000)
  })
})

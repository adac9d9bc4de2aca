import { execFile, spawnSync } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { metrics, prometheusName } from '../../src/telemetry/metrics/index.ts'
import { telemetry } from '../../src/otel/index.ts'
import { requirePart } from '../support/parts.ts'
import { missingPromtool } from '../support/promtool.ts'
import { exercisedApp } from '../telemetry/metrics/exercised.ts'
import { namesIn } from '../support/prometheus-text.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** The page after everything was done. */
async function scraped(): Promise<string> {
  const { app, exercise, remove } = await exercisedApp()
  cleanups.push(remove)
  const running = await telemetry(app, { prometheus: { port: 0 }, lookEveryMs: 200 })
  cleanups.push(() => running.stop())
  await app.start()
  await exercise()
  const page = async () => (await fetch(running.metricsUrl!)).text()
  await expect
    .poll(
      async () => {
        await running.flush()
        const text = await page()
        const lags = [...text.matchAll(/^veltrix_lag_events\{.*\} (\d+)$/gm)].map((match) => match[1])
        return lags.length === 4 && lags.every((lag) => lag === '0') && text.includes('veltrix_breaker_state')
      },
      { timeout: 20_000 },
    )
    .toBe(true)
  return page()
}

test('the page has the metrics of the table by their names, types and units, and no other', async () => {
  const text = await scraped()
  const known = new Map(Object.values(metrics).map((metric) => [prometheusName(metric), metric.instrument]))
  const names = namesIn(text)
  for (const [name, type] of names) if (name !== 'target_info') expect(known.get(name)).toBe(type)
  expect([...names.keys()]).toMatchSnapshot()
  expect(text).toMatch(/^target_info\{service_name="shop",service_instance_id="[\da-f-]{36}",host_name="[^"]+"\} 1$/m)
  expect(text).toMatch(
    /^messaging_client_sent_messages_total\{.*messaging_destination_name="shop.orders.bulk".*\} 21$/m,
  )
  expect(text).toMatch(/^veltrix_wait_duration_seconds_count\{veltrix_subscription="billing",.*\} 22$/m)
  expect(text).toMatch(/^veltrix_breaker_state\{veltrix_subscription="billing",veltrix_state="closed"\} 1$/m)
})

test('promtool has nothing against its form', async (context) => {
  await requirePart(context, 'promtool', missingPromtool)
  const input = await scraped()
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
  // Its lint asks for base units and names; what it says goes to stderr.
  expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: '' })
})

test('it is served on loopback, at one path, for reading only', async () => {
  const { app, remove } = await exercisedApp()
  cleanups.push(remove)
  const running = await telemetry(app, { prometheus: { port: 0 } })
  const url = running.metricsUrl!
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  expect((await fetch(url)).headers.get('content-type')).toContain('text/plain; version=0.0.4')
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404)
  await running.stop()
  await running.stop()
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

test('a port that is taken is told, and nothing is left behind', async () => {
  const { app, remove } = await exercisedApp()
  cleanups.push(remove)
  const taken = createServer()
  await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise((resolve) => void taken.close(() => resolve())))
  const { port } = taken.address() as AddressInfo
  const refused = telemetry(app, { prometheus: { port } })
  await expect(refused).rejects.toMatchObject({ code: 'VLX_TELEMETRY_ADDRESS', port, host: '127.0.0.1' })
})

test('the page needs no package, and OTLP says which it needs', async () => {
  // As where OpenTelemetry is not installed: its packages cannot be resolved.
  const program = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve(specifier, context, next) {
        if (!specifier.startsWith('@opentelemetry/')) return next(specifier, context)
        throw Object.assign(new Error("Cannot find package '" + specifier + "' imported from here"), { code: 'ERR_MODULE_NOT_FOUND' })
      },
    })
    const { telemetry } = await import(${JSON.stringify(new URL('../../src/otel/index.ts', import.meta.url).href)})
    const app = { config: { app: 'a', subscriptions: new Map(), streams: new Map(), lanes: [], transport: 'embedded' }, open: () => new Promise(() => {}) }
    const running = await telemetry(app, { prometheus: { port: 0 } })
    console.log((await fetch(running.metricsUrl)).status)
    await running.stop()
    await telemetry(app, { otlp: { endpoint: 'http://127.0.0.1:1' } }).catch((error) => console.log(error.code, error.message))
  `
  const { promise, resolve } = Promise.withResolvers<string>()
  const child = execFile(process.execPath, ['--input-type=module', '--eval', program], (error, stdout, stderr) =>
    resolve(error ? stderr : stdout),
  )
  cleanups.push(async () => void child.kill())
  const [status, message] = (await promise).split('\n')
  expect(status).toBe('200')
  expect(message).toMatch(/^VLX_TELEMETRY_PACKAGE .*npm install @opentelemetry\/api .*@opentelemetry\/sdk-metrics/)
})

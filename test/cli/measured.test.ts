/** `--metrics` and `--otlp` of `dev` and `gateway`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { otlpReceiver } from '../support/otlp/receiver.ts'
import { fakeShell, veltrix, type FakeShell } from './fake-shell.ts'
import { appFile, testProject, type TestProject } from './project.ts'

let project: TestProject
beforeAll(async () => {
  project = await testProject()
})
afterAll(() => project.remove())

const until = { timeout: 20_000, interval: 20 }
const shell = (): FakeShell => fakeShell({ cwd: project.directory })

async function metricsUrl({ stderr }: FakeShell): Promise<string> {
  await expect.poll(() => stderr.text, until).toMatch(/on http:\S+\/metrics/)
  return /http:\S+\/metrics/.exec(stderr.text)![0]
}

test('dev --metrics --otlp: what was handled is on the page and at the collector', async () => {
  const collector = await otlpReceiver()
  await project.write('measured-app.ts', appFile())
  const running = shell()
  const flags = ['--metrics', '0', '--otlp', collector.url, '--traces', '--port', '0', '--json', '--interval', '50ms']
  const done = veltrix(['dev', 'measured-app.ts', ...flags], running)
  const page = await metricsUrl(running)
  await expect.poll(() => running.stdout.text, until).toMatch(/http:\/\/127\.0\.0\.1:\d+/)
  const gateway = /http:\/\/127\.0\.0\.1:\d+/.exec(running.stdout.text)![0]
  const headers = { 'content-type': 'application/json' }
  await fetch(`${gateway}/events/order.placed`, { method: 'POST', headers, body: '{"orderId":"o-1"}' })
  const text = async () => (await fetch(page)).text()
  await expect
    .poll(text, until)
    .toMatch(/^veltrix_end_to_end_duration_seconds_count\{veltrix_subscription="billing".*\} 1$/m)
  running.signal('SIGINT')
  expect((await done).code).toBe(0)
  // What was counted goes out at the end, though the interval is a minute.
  const names = collector.exports.at(-1)!.metrics.map(({ name }) => name)
  expect(names).toContain('veltrix.end_to_end.duration')
  expect(collector.exports.at(-1)!.resource['service.name']).toBe('shop')
  expect(collector.traces.flatMap(({ spans }) => spans).map(({ name }) => name)).toContain('POST /events/:type')
  await collector.close()
  await expect(fetch(page)).rejects.toThrow('fetch failed')
})

test('gateway --metrics counts its answers; a collector that is not there is told once, and hurts nothing', async () => {
  const running = shell()
  const done = veltrix(['gateway', '--port', '0', '--metrics', '0', '--otlp', 'http://127.0.0.1:1'], running)
  const page = await metricsUrl(running)
  await expect.poll(() => running.stdout.text, until).toMatch(/takes events on/)
  const gateway = /http:\/\/[\d.]+:\d+/.exec(running.stdout.text)![0]
  const headers = { 'content-type': 'application/json' }
  await fetch(`${gateway}/events/order.placed`, { method: 'POST', headers, body: '{"orderId":7}' })
  const text = async () => (await fetch(page)).text()
  await expect
    .poll(text, until)
    .toMatch(/^http_server_request_duration_seconds_count\{.*status_code="400".*veltrix_lane="critical"\} 1$/m)
  running.signal('SIGTERM')
  expect((await done).code).toBe(0)
  expect(running.stderr.text.match(/^Metrics: .*/gm)).toHaveLength(1)
})

test.each([
  [['--metrics', 'nine'], 2, '--metrics'],
  [['--traces', '--metrics', '0'], 2, '--otlp'],
  [['--otlp', 'collector:4318'], 1, 'otlp.endpoint'],
])('dev %j is refused', async (flags, code, named) => {
  await project.write('refused-app.ts', appFile())
  const answer = await veltrix(['dev', 'refused-app.ts', '--for', '1m', ...flags], shell())
  expect(answer.code).toBe(code)
  expect(answer.err).toContain(named)
})

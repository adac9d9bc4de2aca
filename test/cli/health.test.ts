/**
 * `veltrix health` on an embedded log: the verdict, its exit code, and waiting until all is well.
 */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { createGateway } from '../../src/gateway/index.ts'
import { veltrix as appOf } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { shop } from '../gateway/running.ts'
import { fakeShell, veltrix, type FakeShell } from './fake-shell.ts'
import { appFile, testProject, typedFile, type TestProject } from './project.ts'

let project: TestProject
beforeEach(async () => {
  project = await testProject()
})
afterEach(() => project.remove())

const shell = (tty = false): FakeShell => fakeShell({ cwd: project.directory, tty })
const run = (...args: string[]) => veltrix(['health', ...args], shell())
const publish = () => veltrix(['publish', 'order.placed', '--field', 'orderId=o-1'], shell())
/** Of the shop: both of its subscriptions. */
const waiting = 'lane critical: 1 event wait and no worker takes them'

test('nothing there yet is well; events that no worker takes are not, with what to do', async () => {
  expect(await run()).toMatchObject({ code: 0, out: expect.stringContaining('healthy  there is none yet') })
  await publish()
  const { code, out } = await run()
  expect(code).toBe(10)
  expect(out).toMatch(/^unhealthy /)
  expect(out).toContain(`billing, ${waiting}`)
  expect(out).toContain('To do: Start the app')
  const [verdict] = (await run('--json')).json()
  expect(verdict).toMatchObject({
    healthy: false,
    tookMs: expect.any(Number),
    at: expect.stringMatching(/^\d{4}-.*Z$/),
  })
  expect(verdict.checks).toContainEqual({
    check: 'lag',
    healthy: false,
    says: `billing, ${waiting}`,
    mend: expect.any(String),
  })
})

test('--exit-when-healthy goes on when a worker has done what waited; --watch has a line for each look', async () => {
  await publish()
  await project.write('app.ts', appFile())
  const watching = shell()
  const ended = veltrix(
    [
      'health',
      '--watch',
      '--exit-when-healthy',
      '--interval',
      '50ms',
      '--timeout',
      '60s',
      '--json',
      '--app',
      'veltrix.config.ts',
    ],
    watching,
  )
  await expect.poll(() => watching.stdout.text, { timeout: 30_000 }).toContain('"healthy":false')
  const dev = shell()
  const session = veltrix(['dev', 'app.ts', '--no-gateway', '--json'], dev)
  const { code, json } = await ended
  dev.signal('SIGTERM')
  await session
  expect(code).toBe(0)
  const verdicts = json().map(({ healthy }) => healthy)
  expect(verdicts.at(-1)).toBe(true)
  expect(verdicts.slice(0, -1).every((healthy) => healthy === false)).toBe(true)
  expect(verdicts.length).toBeGreaterThan(1)
}, 90_000)

test('--exit-when-healthy that has to give up is 10, and says at the end what is not well', async () => {
  await publish()
  const { code, out } = await run('--exit-when-healthy', '--timeout', '120ms', '--interval', '50ms')
  expect(code).toBe(10)
  expect(out.match(/unhealthy/g)).toHaveLength(1)
  expect(out).toContain(waiting)
})

test('a signal ends --watch with the last verdict; on a terminal it is redrawn', async () => {
  await publish()
  const watching = shell(true)
  const ended = veltrix(['health', '--watch', '--interval', '50ms'], watching)
  await expect.poll(() => watching.stdout.text.match(/unhealthy/g)?.length ?? 0, { timeout: 30_000 }).toBeGreaterThan(1)
  watching.signal('SIGINT')
  expect((await ended).code).toBe(10)
  expect(watching.stdout.text).toContain('\u001B[?2026h')
})

test('--max-lag: urgent events that wait for too long while a worker runs', async () => {
  await publish()
  const go = JSON.stringify(join(project.directory, 'go'))
  const untilGo = `while (!(await import('node:fs')).existsSync(${go})) await new Promise((resolve) => setTimeout(resolve, 20))`
  await project.write('app.ts', appFile({ billing: untilGo }))
  const dev = shell()
  const session = veltrix(['dev', 'app.ts', '--no-gateway', '--json'], dev)
  try {
    // 0 ms are over at once; an hour is not.
    const strict = async (): Promise<string> => (await run('--max-lag', 'critical=0ms')).out
    await expect
      .poll(strict, { timeout: 30_000, interval: 20 })
      .toMatch(/billing, lane critical: 1 event wait, the oldest for .*, allowed 0\.0ms/s)
    expect(await run('--max-lag', 'critical=1h', '--max-lag', 'bulk=1h')).toMatchObject({ code: 0 })
  } finally {
    await project.write('go', '')
    dev.signal('SIGTERM')
    await session
  }
}, 60_000)

test('--gateway: ready, not ready, and not there', async () => {
  const directory = join(project.directory, 'gateway')
  const app = appOf(shop, { transport: embedded({ directory, durability: 'none' }) })
  const gateway = createGateway(app, { port: 0 })
  onTestFinished(async () => {
    await gateway.close()
    await app.stop()
  })
  const url = await gateway.start()
  const ready = await run('--gateway', url, '--json')
  expect(ready.code).toBe(0)
  expect(ready.json()[0].checks.at(-1)).toMatchObject({ check: 'gateway', healthy: true })
  gateway.unready()
  expect(await run('--gateway', `${url}/`)).toMatchObject({
    code: 10,
    out: expect.stringMatching(/is not ready: \/readyz answers\s+503/),
  })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  expect(await run('--gateway', `http://127.0.0.1:${port}`)).toMatchObject({
    code: 10,
    out: expect.stringContaining('ECONNREFUSED'),
  })
})

test('a log that cannot be used is unhealthy, and told with its code', async () => {
  await mkdir(join(project.directory, 'damaged/log'), { recursive: true })
  await project.write('damaged/log/log.db', 'garbage')
  await project.write('damaged.ts', typedFile(join(project.directory, 'damaged')))
  expect(await run('--app', 'damaged.ts')).toMatchObject({
    code: 10,
    out: expect.stringContaining('VLX_LOG_CORRUPTED'),
  })
})

test.each([
  [['--max-lag', 'critical'], 'write a lane and a duration'],
  [['--max-lag', 'critical=soon'], 'give a duration'],
  [['--max-lag', 'critcal=5s'], 'Did you mean "critical"?'],
  [['--gateway', '127.0.0.1:4680'], 'give the address of a gateway'],
  [['--timeout', 'never'], 'give a duration'],
])('%j is a usage error', async (args, message) => {
  expect(await run(...args)).toMatchObject({ code: 2, err: expect.stringContaining(message) })
})

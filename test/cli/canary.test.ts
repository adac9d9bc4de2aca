/**
 * `veltrix canary` as a process of its own, on an embedded log that an application uses meanwhile.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeShell, veltrix, type Ran } from './fake-shell.ts'
import { testProject, type TestProject } from './project.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

let project: TestProject
beforeEach(async () => {
  project = await testProject()
})
afterEach(() => project.remove())

const run = (...args: string[]): Promise<Ran> => veltrix(args, fakeShell({ cwd: project.directory }))

function started(...args: string[]) {
  const child = spawn(process.execPath, [main, 'canary', ...args], { cwd: project.directory })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const reports = (): any[] =>
    out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown)
  return { child, ended, reports, err: () => err }
}

test('probes go round beside the application, and SIGTERM ends with a summary', async () => {
  await run('publish', 'order.placed', '--field', 'orderId=o-1')
  const before = await eventsOf()
  const canary = started('--json', '--interval', '50ms', '--report', '100ms', '--metrics-port', '0')
  await expect.poll(() => canary.reports().at(-1)?.lanes[0].seen ?? 0, { timeout: 30_000 }).toBeGreaterThan(20)

  const url = /metrics on (\S+)/.exec(canary.err())![1]!
  const metrics = await fetch(url)
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await metrics.text()).toMatch(
    /^veltrix_canary_seen_total\{app="shop",lane="critical",partition="2"\} [1-9]\d*$/m,
  )
  expect((await fetch(new URL('/', url))).status).toBe(404)
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  expect(new URL(url).hostname).toBe('127.0.0.1')

  canary.child.kill('SIGTERM')
  expect(await canary.ended).toBe(0)
  const last = canary.reports().at(-1)
  expect(last).toMatchObject({ final: true, app: 'shop', clocks: [], readFailures: 0 })
  expect(last.lanes.map(({ lane }: any) => lane)).toEqual(['critical', 'standard', 'bulk'])
  expect(last.partitions).toHaveLength(9)
  for (const each of last.partitions) {
    expect(each).toMatchObject({
      failed: 0,
      unknown: 0,
      inFlight: 0,
      pending: 0,
      lost: 0,
      duplicates: 0,
      outOfOrder: 0,
    })
    expect(each.seen).toBe(each.acknowledged)
    // On a busy machine one may be due before the last was answered.
    expect(each.acknowledged + each.skipped).toBe(each.attempts)
    expect(each.endToEndMs.max).toBeGreaterThanOrEqual(each.endToEndMs.p50)
  }

  expect(await eventsOf()).toEqual(before)
  // Neither the plan nor doctor take the canary's topics for leftovers.
  expect((await run('plan')).out).not.toContain('_canary')
  expect((await run('doctor')).out).not.toContain('_canary')
  expect((await run('canary', '--remove', '--json')).json()).toEqual([
    { removed: expect.arrayContaining(['shop._canary.bulk', 'shop._canary.critical', 'shop._canary.standard']) },
  ])
  expect(await run('canary', '--remove')).toMatchObject({ code: 0, out: 'There are none.\n' })
  expect(await eventsOf()).toEqual(before)
}, 90_000)

test('--for ends by itself with a verdict, --lane takes only one', async () => {
  const { code, out } = await run('canary', '--for', '400ms', '--max-loss', '100%', '--lane', 'bulk')
  expect(code).toBe(0)
  expect(out).toMatch(/probes: \d+ not acknowledged, 0 missing: [\d.]+% loss, allowed 100%/)
  expect(out).toMatch(/^bulk +all +.*%/m)
  expect(out).not.toContain('critical')
}, 60_000)

test.each([
  [['--lane', 'bluk'], 'Did you mean "bulk"?'],
  [['--max-loss', '5'], 'give a percentage'],
  [['--interval', '1ms'], 'at least 10ms'],
  [['--metrics-port', '70000'], 'from 0 to 65535'],
])('%j is a usage error', async (args, message) => {
  expect(await run('canary', ...args)).toMatchObject({ code: 2, err: expect.stringContaining(message) })
})

test('a port that is taken is told before a probe is sent', async () => {
  const first = started('--json', '--metrics-port', '0', '--report', '100ms')
  await expect.poll(first.err, { timeout: 30_000 }).toContain('metrics on')
  const { port } = new URL(/metrics on (\S+)/.exec(first.err())![1]!)
  expect(await run('canary', '--metrics-port', port)).toMatchObject({
    code: 2,
    err: expect.stringContaining('EADDRINUSE'),
  })
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
}, 60_000)

/** Everything an application could notice: its events and groups. */
async function eventsOf(): Promise<unknown> {
  const [events, lanes] = [await run('tail', '--no-follow', '--json'), await run('lanes', '--json')]
  const { lanes: rows } = lanes.json()[0] as { lanes: { lagSeconds: unknown }[] }
  return [events.json(), rows.map(({ lagSeconds: _age, ...row }) => row)]
}

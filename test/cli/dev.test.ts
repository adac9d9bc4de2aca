/**
 * `dev` inside this process: its faces, and what becomes of them when something ends at once.
 * @module
 */
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cells } from '../../src/cli/format.ts'
import { fakeShell, veltrix, type FakeShell } from './fake-shell.ts'
import { appFile, testProject, type TestProject } from './project.ts'

let project: TestProject
beforeAll(async () => {
  project = await testProject()
})
afterAll(() => project.remove())

const shell = (options: { tty?: boolean; env?: Record<string, string> } = {}): FakeShell =>
  fakeShell({ cwd: project.directory, ...options })

/** An app can be started once, so every run has a module of its own. */
let modules = 0
async function devLine(...flags: string[]): Promise<string[]> {
  const file = `app-${++modules}.ts`
  await project.write(file, appFile())
  return ['dev', file, ...flags]
}

// oxlint-disable-next-line no-control-regex
const escape = /\u001B/
// oxlint-disable-next-line no-control-regex
const up = /\u001B\[\d+A/
const showCursor = '\u001B[?25h'

test('without colour on a terminal it keeps to its interval', async () => {
  const { out } = await veltrix(await devLine('--for', '1500ms'), shell({ tty: true, env: { NO_COLOR: '1' } }))
  // At the start, a second later, when draining, at the end.
  expect(out.match(/^up /gm)!.length).toBeLessThanOrEqual(4)
  expect(out).not.toMatch(escape)
  expect(out).toMatch(/^failed publishes +0$/m)
})

test('on a terminal the frame says where the log lies, and the cursor is back at the end', async () => {
  const { out } = await veltrix(await devLine('--for', '400ms'), shell({ tty: true }))
  expect(stripVTControlCharacters(out)).toContain('embedded log log')
  expect(out.lastIndexOf(showCursor)).toBeGreaterThan(out.lastIndexOf('\u001B[?25l'))
})

test('an error nobody caught leaves the cursor shown', async () => {
  const dying = shell({ tty: true })
  const done = veltrix(await devLine('--for', '1s'), dying)
  await expect.poll(() => dying.stdout.text, { timeout: 5000 }).toContain('LANE')
  dying.stdout.text = ''
  dying.die(new Error('from a timer'))
  expect(dying.stdout.text).toContain(showCursor)
  await done
})

test('an error nobody caught is JSON with --json', async () => {
  const dying = shell()
  const done = veltrix(await devLine('--for', '1s', '--json'), dying)
  await new Promise((resolve) => setTimeout(resolve, 400))
  dying.die(new Error('from a timer'))
  expect((await done).json()[0]).toEqual({ error: { code: 'Error', message: 'from a timer' } })
})

test('Ctrl-Z shows the cursor, and going on draws a new frame below what was written meanwhile', async () => {
  const stopped = shell({ tty: true })
  const done = veltrix(await devLine('--for', '1s'), stopped)
  await expect.poll(() => stopped.stdout.text, { timeout: 5000 }).toContain('LANE')
  stopped.stdout.text = ''
  stopped.suspend()
  expect(stopped.stdout.text).toBe(showCursor)
  stopped.stdout.text = ''
  stopped.resume()
  expect(stopped.stdout.text).toContain('LANE')
  expect(stopped.stdout.text).not.toMatch(up)
  await done
})

test('a reader that goes away ends it', async () => {
  const unread = shell()
  const done = veltrix(await devLine('--json'), unread)
  await expect.poll(() => unread.stdout.text, { timeout: 5000 }).toContain('"lanes"')
  unread.stdout.failure = Object.assign(new Error('x'), { code: 'EPIPE' })
  expect((await done).code).toBe(0)
})

test('dead list: the id is whole on a narrow terminal', async () => {
  const bad = '{"orderId":"the-long-key-of-a-bad-order","total":-1}'
  await veltrix(['publish', 'order.placed', '--data', bad], shell())
  await veltrix(await devLine('--for', '1s', '--json'), shell())
  const narrow = shell({ tty: true })
  narrow.stdout.columns = 34
  const out = stripVTControlCharacters((await veltrix(['dead', 'list'], narrow)).out)
  expect(out).toMatch(/^shop\.orders\.critical\/\d+\/\d+ +dead/m)
  for (const line of out.split('\n')) expect(cells(line)).toBeLessThanOrEqual(34)
})

test('lanes --watch follows a changed terminal, and leaves the cursor shown', async () => {
  const watching = shell({ tty: true })
  const done = veltrix(['lanes', '--watch', '--interval', '10s'], watching)
  await expect.poll(() => watching.stdout.text, { timeout: 5000 }).toContain('SUBSCRIPTION')
  watching.stdout.text = ''
  watching.stdout.columns = 30
  watching.stdout.emit('resize')
  expect(watching.stdout.text).toContain('SUBSCRIPTION')
  for (const line of stripVTControlCharacters(watching.stdout.text).split('\n')) {
    expect(cells(line)).toBeLessThanOrEqual(30)
  }
  watching.signal('SIGINT')
  expect((await done).code).toBe(0)
  expect(watching.stdout.text).toContain(showCursor)
})

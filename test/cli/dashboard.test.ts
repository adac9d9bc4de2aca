/**
 * The dashboard of `dev`, and `veltrix dashboard` beside an app that runs elsewhere or nowhere.
 */
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeShell, veltrix, type FakeShell } from './fake-shell.ts'
import { appFile, testProject, type TestProject } from './project.ts'

let project: TestProject
beforeAll(async () => {
  project = await testProject()
})
afterAll(() => project.remove())

let modules = 0
async function moduleLine(...line: string[]): Promise<string[]> {
  const file = `app-${++modules}.ts`
  await project.write(file, appFile())
  return line.map((part) => (part === '<app>' ? file : part))
}

const shell = (options: { tty?: boolean } = {}): FakeShell => fakeShell({ cwd: project.directory, ...options })
const until = { timeout: 20_000, interval: 20 }
const addressed = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{22}/

async function addressOf({ stdout }: FakeShell): Promise<{ url: string; token: string }> {
  await expect.poll(() => stripVTControlCharacters(stdout.text), until).toMatch(addressed)
  const [url, token] = addressed.exec(stripVTControlCharacters(stdout.text))![0].split('/#token=') as [string, string]
  return { url, token }
}

async function systemOf({ url, token }: { url: string; token: string }): Promise<any> {
  const response = await fetch(`${url}/api/system`, { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBe(200)
  return response.json()
}

test('dev shows its own process, says where in snapshots and summary, and then nothing listens there', async () => {
  const running = shell()
  const line = await moduleLine('dev', '<app>', '--port', '0', '--dashboard-port', '0', '--json', '--interval', '50ms')
  const done = veltrix(line, running)
  const at = await addressOf(running)
  const system = await systemOf(at)
  expect(system).toMatchObject({ app: expect.any(String) as string, inProcess: true, readOnly: false })
  expect(system.gateway).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  running.signal('SIGINT')
  const { code, json } = await done
  expect(code).toBe(0)
  expect((json().at(-1) as any).summary.dashboard).toBe(`${at.url}/#token=${at.token}`)
  await expect(fetch(at.url)).rejects.toThrow('fetch failed')
})

test('on a terminal and in plain lines the address stands whole', async () => {
  for (const options of [{ tty: true }, { tty: false }]) {
    const running = shell(options)
    const done = veltrix(await moduleLine('dev', '<app>', '--no-gateway', '--dashboard-port', '0'), running)
    await systemOf(await addressOf(running))
    running.signal('SIGINT')
    expect((await done).code).toBe(0)
  }
})

test('--no-dashboard: there is none; with a port it makes no sense', async () => {
  const line = await moduleLine('dev', '<app>', '--no-gateway', '--no-dashboard', '--for', '700ms', '--json')
  const { code, json } = await veltrix(line, shell())
  expect([code, (json()[0] as any).dashboard]).toEqual([0, null])
  const both = await veltrix(await moduleLine('dev', '<app>', '--no-dashboard', '--dashboard-port', '0'), shell())
  expect(both.code).toBe(2)
  expect(both.err).toContain('leave out --no-dashboard')
})

test('veltrix dashboard shows what the log knows, until a signal', async () => {
  const running = shell()
  const done = veltrix(await moduleLine('dashboard', '--app', '<app>', '--port', '0', '--json', '--read-only'), running)
  const at = await addressOf(running)
  expect(await systemOf(at)).toMatchObject({ inProcess: false, readOnly: true, gateway: null })
  running.signal('SIGTERM')
  const { code, json } = await done
  expect([code, json()]).toEqual([0, [{ listening: `${at.url}/#token=${at.token}` }]])
})

test('without access it is for this machine only', async () => {
  const line = await moduleLine('dashboard', '--app', '<app>', '--host', '0.0.0.0', '--port', '0')
  const { code, err } = await veltrix(line, shell())
  expect(code).toBe(1)
  expect(err).toContain('--access')
})

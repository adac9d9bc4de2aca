/**
 * `dev` takes events over HTTP: where, from when, until when, and what it does when its port is taken.
 */
import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { systemClock, type Clock } from '../../src/clock.ts'
import { DevGateway, type DevGatewayOptions } from '../../src/cli/dev/gateway.ts'
import { veltrix as appOf } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { shop } from '../gateway/running.ts'
import { fakeShell, veltrix, type FakeShell } from './fake-shell.ts'
import { appFile, testProject, type TestProject } from './project.ts'

let project: TestProject
beforeAll(async () => {
  project = await testProject()
})
afterAll(() => project.remove())

/** An app can be started once, so every run has a module of its own. */
let modules = 0
async function devLine(...flags: string[]): Promise<string[]> {
  const file = `app-${++modules}.ts`
  await project.write(file, appFile())
  return ['dev', file, '--no-dashboard', ...flags]
}

const shell = (options: { tty?: boolean } = {}): FakeShell => fakeShell({ cwd: project.directory, ...options })
const until = { timeout: 20_000, interval: 20 }

/** Where a session says that its gateway is. */
async function addressOf({ stdout }: FakeShell): Promise<string> {
  await expect.poll(() => stripVTControlCharacters(stdout.text), until).toMatch(/http:\/\/127\.0\.0\.1:\d+/)
  return /http:\/\/127\.0\.0\.1:\d+/.exec(stdout.text)![0]
}

function post(url: string, orderId: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${url}/events/order.placed`, { method: 'POST', headers, body: JSON.stringify({ orderId }) })
}

/** The port of something that listens. */
async function takenPort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('what is posted is handled; the summary says where it was, and then nothing listens there', async () => {
  const running = shell()
  const done = veltrix(await devLine('--port', '0', '--json', '--interval', '50ms'), running)
  const url = await addressOf(running)
  expect((await post(url, 'o-1')).status).toBe(202)
  await expect.poll(() => running.stdout.text, until).toMatch(/"handled":2/)
  running.signal('SIGINT')
  const { code, json } = await done
  expect(code).toBe(0)
  expect(json().at(-1)).toMatchObject({ summary: { published: 1, handled: 2, gateway: url, drained: true } })
  await expect(post(url, 'o-2')).rejects.toThrow('fetch failed')
})

test('a port that was asked for and is taken is an error', async () => {
  const port = await takenPort()
  const { code, json } = await veltrix(await devLine('--port', `${port}`, '--json', '--for', '1m'), shell())
  expect(code).toBe(1)
  expect(json().at(-1)).toMatchObject({ error: { code: 'VLX_GATEWAY_ADDRESS', port } })
})

test('--no-gateway: there is none; with a port it makes no sense', async () => {
  const { code, json } = await veltrix(await devLine('--no-gateway', '--for', '700ms', '--json'), shell())
  expect([code, json()[0].gateway]).toEqual([0, null])
  const both = await veltrix(await devLine('--no-gateway', '--port', '0'), shell())
  expect(both.code).toBe(2)
  expect(both.err).toContain('leave out --no-gateway')
})

test('lines say once where it is', async () => {
  const running = shell()
  const done = veltrix(await devLine('--port', '0', '--plain', '--interval', '50ms'), running)
  const url = await addressOf(running)
  await expect.poll(() => running.stdout.text.match(/^up /gm)?.length ?? 0, until).toBeGreaterThan(2)
  running.signal('SIGTERM')
  expect((await done).out.split('\n').filter((line) => line === `gateway on ${url}`)).toHaveLength(1)
})

test('on a terminal the head of the view says where it is', async () => {
  const running = shell({ tty: true })
  const done = veltrix(await devLine('--port', '0'), running)
  await addressOf(running)
  running.signal('SIGINT')
  await done
  expect(stripVTControlCharacters(running.stdout.text)).toMatch(/gateway {2}POST http:\/\/127\.0\.0\.1:\d+\/events/)
})

/** Its timers never fire. */
const still: Clock = { ...systemClock, setTimer: () => ({ cancel: () => undefined }) }

interface Alone {
  readonly gateway: DevGateway
  /** Where it listens, once it does. */
  readonly listening: Promise<string>
  readonly url: () => string | undefined
  /** How often it asked for the log, the first thing it does. */
  readonly opened: () => number
  readonly notes: readonly string[]
}

/** Without a session around it. */
function alone(options: Partial<DevGatewayOptions>): Alone {
  const app = appOf(shop, {
    transport: embedded({ directory: join(project.directory, `own-${++modules}`), durability: 'none' }),
  })
  const { promise, resolve } = Promise.withResolvers<string>()
  const open = vi.spyOn(app, 'open')
  const notes: string[] = []
  let url: string | undefined
  const listening = (where: string): void => resolve((url = where))
  const note = (text: unknown): void => void notes.push(String(text))
  const gateway = new DevGateway({ app, port: undefined, clock: still, listening, note, onFailure: note, ...options })
  onTestFinished(async () => {
    await gateway.close()
    await app.stop()
  })
  return { gateway, listening: promise, url: () => url, opened: () => open.mock.calls.length, notes }
}

test('without a port of its own it waits for the first event that is handled', async () => {
  const { gateway, listening, opened } = alone({ usualPort: 0 })
  // Loaded already, so that there is nothing to wait for but the event.
  await import('../../src/gateway/index.ts')
  await gateway.begin()
  for (let turn = 0; turn < 50; turn++) await systemClock.yield()
  expect(opened()).toBe(0)
  channel('veltrix:worker:handled').publish({})
  expect(await listening).toMatch(/^http:/)
})

test('an app without events is not waited for', async () => {
  const { gateway, listening } = alone({ usualPort: 0, clock: systemClock })
  await gateway.begin()
  expect(await listening).toMatch(/^http:/)
})

test('the usual port being taken, it is on a free one, and says so in one line', async () => {
  const usualPort = await takenPort()
  const { gateway, listening, notes } = alone({ usualPort, clock: systemClock })
  await gateway.begin()
  const url = await listening
  expect((await post(url, 'o-1')).status).toBe(202)
  expect(url).not.toContain(`:${usualPort}`)
  await gateway.close()
  expect(notes).toEqual([
    `Port ${usualPort} cannot be had (something else listens there), so the gateway is on ${url}.`,
  ])
})

test('closed before it began, it never opens', async () => {
  const { gateway, url, notes } = alone({ usualPort: 0 })
  await gateway.begin()
  await gateway.close()
  expect([url(), notes]).toEqual([undefined, []])
})

import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appFile, testProject, type TestProject } from './project.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

let project: TestProject
beforeAll(async () => {
  project = await testProject()
  const scenario = `
export const scenario = {
  async traffic(app: any, signal: AbortSignal) {
    await app.publish('order.placed', { orderId: 'o-1' })
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  },
  settled: () => true,
  summary: () => ({ ended: (globalThis as any).ended }),
}`
  const quick = `console.log('begun'); await new Promise((r) => setTimeout(r, 400)); (globalThis as any).ended = true; console.log('ended')`
  await project.write('quick.ts', appFile({ scenario, billing: quick }))
  await project.write('endless.ts', appFile({ scenario, billing: `console.log('begun'); await new Promise(() => {})` }))
})
afterAll(() => project.remove())

/** Starts `dev` and resolves when the handler has begun. */
async function begun(
  app: string,
): Promise<{ child: ChildProcess; output: () => string; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [main, 'dev', app, '--plain'], { cwd: project.directory })
  let output = ''
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      output += chunk.toString()
      if (output.includes('begun')) resolve()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    void ended.then((code) => reject(new Error(`ended with ${code}: ${output}`)))
  })
  return { child, output: () => output, ended }
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s drains and exits with 0', async (signal) => {
  const { child, output, ended } = await begun('quick.ts')
  child.kill(signal)
  expect(await ended).toBe(0)
  expect(output()).toContain('draining')
  expect(output()).toContain('ended')
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second %s leaves at once with %i', async (signal, code) => {
  const { child, output, ended } = await begun('endless.ts')
  child.kill(signal)
  await expect.poll(output, { timeout: 10_000 }).toContain('draining')
  child.kill(signal)
  expect(await ended).toBe(code)
})

/** Starts a gateway and resolves when it listens. */
async function listening(): Promise<{ child: ChildProcess; url: string; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [main, 'gateway', '--port', '0', '--json'], { cwd: project.directory })
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => resolve(chunk.toString()))
    void ended.then((code) => reject(new Error(`ended with ${code}`)))
  })
  return { child, url: (JSON.parse(line) as { listening: string }).listening, ended }
}

test('a gateway answers, drains at SIGTERM, and after kill -9 knows what it had answered for', async () => {
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'k-1' }
  const send = async (url: string): Promise<Response> =>
    fetch(`${url}/events/order.placed`, { method: 'POST', headers, body: '{"orderId":"o-1"}' })
  const first = await listening()
  expect((await send(first.url)).status).toBe(202)
  first.child.kill('SIGKILL')
  await first.ended
  const second = await listening()
  const again = await send(second.url)
  expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true'])
  second.child.kill('SIGTERM')
  expect(await second.ended).toBe(0)
})

test('a gateway refuses an address that others reach', async () => {
  const child = spawn(process.execPath, [main, 'gateway', '--host', '0.0.0.0'], { cwd: project.directory })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1)
  expect(said).toContain('does not check who publishes')
})

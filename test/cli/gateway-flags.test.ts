/** The limits of a gateway as flags of `veltrix gateway`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limitArgs } from '../../src/cli/gateway/limit-args.ts'
import { loadDefaults } from '../../src/gateway/load-options.ts'
import { fakeShell, veltrix } from './fake-shell.ts'
import { testProject, type TestProject } from './project.ts'

let project: TestProject
beforeAll(async () => {
  project = await testProject()
})
afterAll(() => project.remove())

test('every option that is a limit has a flag of its name', () => {
  const renamed: Record<string, string> = { 'rate-limits': 'rate-limit', 'trusted-proxies': 'trusted-proxy' }
  const kebab = (name: string) => name.replace(/Ms$/, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const expected = Object.keys(loadDefaults).map((name) => renamed[kebab(name)] ?? kebab(name))
  expect(Object.keys(limitArgs).toSorted()).toEqual(expected.toSorted())
})

test.each([
  ['--max-body-bytes', '4 pounds', 'give a size'],
  ['--max-inflation', '0', 'a whole number, 1 or more'],
  ['--max-batch-events', '1.5', 'a whole number'],
  ['--max-event-values', '-1', 'a whole number'],
  ['--max-in-flight-events', 'many', 'a whole number'],
  ['--max-in-flight-bytes', '0', 'give a size'],
  ['--urgent-reserve', '1', 'from 0 to below 1'],
  ['--rate-limit', 'bulk', 'lane=events a second'],
  ['--rate-limit', 'bulk=0', 'lane=events a second'],
  ['--rate-limit', 'slow=5', 'names no lane; there are'],
  ['--max-connections', '0', 'a whole number'],
  ['--headers-timeout', '10', 'give a duration'],
  ['--request-timeout', '0s', 'give a duration'],
  ['--keep-alive-timeout', 'long', 'give a duration'],
  ['--log-stall', '2 s', 'give a duration'],
  ['--trusted-proxy', '0.0.0.0/0', 'an address or a network'],
])('%s %s is an error of the command line', async (flag, value, said) => {
  const shell = fakeShell({ cwd: project.directory })
  const { code, json } = await veltrix(['gateway', '--port', '0', `${flag}=${value}`, '--json'], shell)
  const { error } = json()[0] as { error: { message: string } }
  expect(error.message).toContain(said)
  expect(code).toBe(2)
})

test('what the flags say holds', async () => {
  const shell = fakeShell({ cwd: project.directory })
  const flags = [
    '--max-body-bytes',
    '1KiB',
    '--max-event-values',
    '5',
    '--rate-limit',
    'bulk=0.01:2',
    '--rate-limit',
    'critical=50',
  ]
  const ended = veltrix(['gateway', '--port', '0', '--json', ...flags], shell)
  await expect.poll(() => shell.stdout.text, { timeout: 30_000 }).toContain('listening')
  const { listening } = JSON.parse(shell.stdout.text) as { listening: string }
  const status = async (type: string, data: unknown): Promise<number> => {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`${listening}/events/${type}`, { method: 'POST', headers, body: JSON.stringify(data) })).status
  }
  expect(await status('order.placed', { orderId: 'x'.repeat(2_000) })).toBe(413)
  expect(await status('order.placed', { orderId: 'o', list: [1, 2, 3, 4, 5] })).toBe(413)
  const bulk: number[] = []
  for (const orderId of ['a', 'b', 'c']) bulk.push(await status('order.exported', { orderId }))
  expect(bulk).toEqual([202, 202, 429])
  expect(await status('order.placed', { orderId: 'o' })).toBe(202)
  shell.signal('SIGTERM')
  expect((await ended).code).toBe(0)
})

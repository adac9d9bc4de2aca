/** `veltrix key`, and `veltrix gateway --access`. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeShell, veltrix } from './fake-shell.ts'
import { testProject, type TestProject } from './project.ts'

let project: TestProject
beforeAll(async () => {
  project = await testProject()
})
afterAll(() => project.remove())

const rights = [{ verbs: ['read-types'], types: ['order.placed'] }]

test('a key is printed once with its hash, and each is another', async () => {
  const { code, json } = await veltrix(['key', 'till-7', '--json'])
  const [made] = json() as { id: string; key: string; hash: string }[]
  expect([code, made!.id, made!.key.startsWith('vlx_till-7.')]).toEqual([0, 'till-7', true])
  expect(made!.hash).toBe(`sha256:${createHash('sha256').update(made!.key).digest('hex')}`)
  const { out } = await veltrix(['key', 'till-7'])
  expect(out).toMatch(/vlx_till-7\.[\w-]{43}\n/)
  expect(out).toMatch(/keys: \{ 'till-7': \{ hash: 'sha256:[0-9a-f]{64}', rights: /)
  expect(out).not.toContain(made!.key)
})

test('an id that is none is an error of the command line', async () => {
  const { code, json } = await veltrix(['key', 'Till 7', '--json'])
  expect([code, json()[0].error.code]).toEqual([2, 'VLX_USAGE'])
})

test.each(['access.json', 'access.ts'])('a gateway lets those in who are in %s', async (name) => {
  const { key, hash } = (await veltrix(['key', 'reader', '--json'])).json()[0] as { key: string; hash: string }
  const access = JSON.stringify({ keys: { reader: { hash, rights } } })
  await project.write(name, name.endsWith('.json') ? access : `export default ${access}`)
  const shell = fakeShell({ cwd: project.directory })
  const line = ['gateway', '--host', '0.0.0.0', '--port', '0', '--access', name, '--json']
  const ended = veltrix(line, shell)
  await expect.poll(() => shell.stdout.text, { timeout: 30_000 }).toContain('listening')
  const { listening } = JSON.parse(shell.stdout.text) as { listening: string }
  const url = `http://127.0.0.1:${new URL(listening).port}/events/types`
  expect((await fetch(url)).status).toBe(401)
  expect((await fetch(url, { headers: { 'x-api-key': key } })).status).toBe(200)
  shell.signal('SIGTERM')
  expect((await ended).code).toBe(0)
})

test.each<[what: string, name: string, content: string, code: number, error: string, said: string]>([
  ['is not there', 'none.ts', '', 2, 'VLX_USAGE', '--access: none.ts cannot be read'],
  ['is not JSON', 'bad.json', '{"whsec_secret', 2, 'VLX_USAGE', 'is not JSON'],
  ['has no default export', 'bare.ts', 'export const access = {}', 2, 'VLX_USAGE', 'no default export'],
  ['does not load', 'broken.ts', 'export default nothing', 3, 'VLX_CONFIG_NOT_FOUND', 'nothing is not defined'],
  ['is empty', 'null.json', 'null', 3, 'VLX_GATEWAY_ACCESS', 'not a plain object'],
  ['names nobody', 'nobody.ts', 'export default {}', 3, 'VLX_GATEWAY_ACCESS', 'names nobody'],
])('a file that %s is told, and nothing listens', async (_, name, content, code, error, said) => {
  if (content !== '') await project.write(name, content)
  const line = ['gateway', '--port', '0', '--access', name, '--json']
  const ran = await veltrix(line, fakeShell({ cwd: project.directory }))
  expect([ran.code, ran.json()[0].error.code]).toEqual([code, error])
  expect(ran.json()[0].error.message).toContain(said)
  expect(ran.out).not.toContain('whsec_')
})

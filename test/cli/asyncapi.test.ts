/** `asyncapi`: where the document goes, and what it is told. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeShell, veltrix, type Ran } from './fake-shell.ts'
import { testProject, type TestProject } from './project.ts'

let project: TestProject
beforeAll(async () => {
  project = await testProject()
})
afterAll(() => project.remove())

const asyncapi = (...flags: string[]): Promise<Ran> =>
  veltrix(['asyncapi', ...flags], fakeShell({ cwd: project.directory }))
const document = { asyncapi: '3.0.0', channels: { 'orders.critical': { address: 'shop.orders.critical' } } }

test('on stdout, for people over many lines, with --json in one', async () => {
  const [shown, machine] = [await asyncapi(), await asyncapi('--json')]
  expect(JSON.parse(shown.out)).toMatchObject(document)
  expect(shown.out.split('\n').length).toBeGreaterThan(100)
  expect(machine.json()).toEqual([JSON.parse(shown.out)])
})

test('in a file, and with the gateway as others reach it', async () => {
  const { out } = await asyncapi('-o', 'api.json', '--gateway', 'https://events.example.com')
  expect(out).toBe('Written to api.json.\n')
  const written = await readFile(join(project.directory, 'api.json'), 'utf8')
  expect(JSON.parse(written)).toMatchObject({ ...document, servers: { gateway: { host: 'events.example.com' } } })
  const machine = await asyncapi('-o', 'api.json', '--json')
  expect(machine.json()).toEqual([{ written: join(project.directory, 'api.json') }])
})

test('no URL and no place to write are usage errors', async () => {
  const [url, place] = [await asyncapi('--gateway', 'events'), await asyncapi('-o', 'no/such/folder')]
  expect([url.code, place.code]).toEqual([2, 2])
  expect(url.err).toContain('--gateway cannot be "events"')
  expect(place.err).toContain('--out no/such/folder cannot be written')
})

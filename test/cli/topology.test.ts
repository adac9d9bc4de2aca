/**
 * `veltrix plan` and `veltrix apply`, on an embedded log: what is printed, asked, and left as exit code.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeShell, veltrix, type Ran } from './fake-shell.ts'
import { testProject, typedFile, type TestProject } from './project.ts'

let project: TestProject
beforeEach(async () => {
  project = await testProject()
})
afterEach(() => project.remove())

const run = (...args: string[]): Promise<Ran> => veltrix(args, fakeShell({ cwd: project.directory, stdin: '' }))
/** Another typed file under another name: a module is loaded once. */
async function changed(name: string, from: string | RegExp, to: string): Promise<string[]> {
  await project.write(name, typedFile(project.directory).replace(from, to))
  return ['--app', name]
}

test('plan says what is missing, apply makes it, and then there is nothing to do', async () => {
  const first = await run('plan')
  expect(first.code).toBe(3)
  expect(first.out).toContain('+ shop.orders.critical  3 partitions, retention.ms 7d, retention.bytes unlimited')
  expect(first.out).toContain('stream orders, lane critical')
  expect(first.out).toContain('note event order.placed: schema not checked, the schemas of test offer no JSON Schema')
  expect(first.out).toMatch(/^Plan: 8 to make, 0 to change, 0 to remove, 0 dangerous or impossible\.$/m)

  const unasked = await run('apply')
  expect(unasked.code).toBe(2)
  expect(unasked.err).toContain('Apply 8 changes to shop? Nobody can be asked here: add --yes')

  const applied = await run('apply', '--yes')
  expect(applied).toMatchObject({ code: 0 })
  expect(applied.err).toContain('8/8 + shop.reports.dead.audit')
  expect(await run('plan')).toMatchObject({ code: 0, out: expect.stringContaining('Nothing to do') })
  expect((await run('apply', '--yes', '--json')).json()).toMatchObject([{ outcome: 'nothing', steps: [] }])
}, 60_000)

test('--json has every line with its reason', async () => {
  const { code, json } = await run('plan', '--json')
  expect(code).toBe(3)
  const [plan] = json()
  expect(plan).toMatchObject({ app: 'shop', summary: expect.stringContaining('8 to make'), warnings: [] })
  for (const change of plan.changes)
    expect(change).toMatchObject({ symbol: '+', subject: expect.any(String), reason: expect.any(String) })
  expect((await run('apply', '--yes', '--json')).json()[0]).toMatchObject({ outcome: 'applied', steps: plan.changes })
}, 60_000)

test('a plan file does just what it says, and is refused when the typed file has changed', async () => {
  expect((await run('plan', '--out', 'plan.json')).code).toBe(3)
  const other = await changed('other.ts', 'partitions: 3,', "partitions: 3, retention: '1d',")
  const refused = await run('apply', 'plan.json', '--yes', ...other)
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('the typed file has changed') })
  expect(await run('apply', 'plan.json', '--yes')).toMatchObject({ code: 0 })
  expect(await run('plan')).toMatchObject({ code: 0 })

  expect((await run('plan', '--out', 'next.json', ...other)).code).toBe(3)
  expect((await run('apply', '--yes', ...other)).code).toBe(0)
  await run('apply', '--yes')
  // The log is as it was when next.json was made; then once more changed.
  const third = await changed('third.ts', 'partitions: 3,', "partitions: 3, retention: '2d',")
  expect((await run('apply', '--yes', ...third)).code).toBe(0)
  expect(await run('apply', 'next.json', '--yes', ...other)).toMatchObject({
    code: 1,
    err: expect.stringContaining('topic shop.orders.bulk has changed'),
  })
  await project.write('broken.json', '{"version":1}')
  expect(await run('apply', 'broken.json', '--yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('is no plan'),
  })
  expect(await run('apply', 'missing.json', '--yes')).toMatchObject({ code: 2 })
  expect(JSON.parse(await readFile(join(project.directory, 'plan.json'), 'utf8'))).toMatchObject({ app: 'shop' })
}, 60_000)

test('what cannot be done fails plan and apply, and so does a typed file that is wrong', async () => {
  await run('apply', '--yes')
  const fewer = await changed('fewer.ts', 'partitions: 3,', 'partitions: 2,')
  const plan = await run('plan', '--out', 'no.json', ...fewer)
  expect(plan).toMatchObject({ code: 1, out: expect.stringContaining('! shop.orders.critical  partitions 3 → 2') })
  expect(plan.err).toContain('No file was written')
  const applied = await run('apply', '--yes', ...fewer)
  expect(applied).toMatchObject({ code: 1, err: expect.stringContaining('partitions cannot be lowered') })
  const wrong = await changed('wrong.ts', 'partitions: 3,', 'partitions: 0,')
  // 3 means changes for this command.
  expect(await run('plan', ...wrong)).toMatchObject({ code: 1, err: expect.stringContaining('VLX_CONFIG_INVALID') })
  expect(await run('apply', '--yes', ...wrong)).toMatchObject({ code: 3 })
}, 60_000)

test('a new version of a stream is not made while events of the old one wait', async () => {
  await run('apply', '--yes')
  await project.write('app.ts', `
import { veltrix } from '${new URL('../../src/index.ts', import.meta.url).href}'
import config from './veltrix.config.ts'
const app = veltrix(config as any)
  .handle('billing', 'order.placed', async () => {})
await app.start()
await app.publish('order.placed' as never, { orderId: 'o-1' } as never)
// Until the position is written, so that the group is known.
for (let lag = 1; lag > 0;) {
  const [group] = await (await app.open()).admin.groups(['shop.billing'])
  lag = group?.positions.some(({ offset }) => offset > 0) ? 0 : 1
  await new Promise((resolve) => setImmediate(resolve))
}
await app.stop()
const after = veltrix(config as any)
await after.publish('order.placed' as never, { orderId: 'o-2' } as never)
await after.stop()
export default veltrix(config as any)
`) // prettier-ignore
  await import(join(project.directory, 'app.ts'))
  const next = await changed('next.ts', 'partitions: 3,', 'partitions: 6, topicVersion: 2,')
  const refused = await run('plan', ...next)
  expect(refused).toMatchObject({
    code: 1,
    out: expect.stringContaining('1 event(s) of shop.orders.critical by billing'),
  })
  const made = await run('apply', '--yes', '--allow-undrained', ...next)
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining('+ shop.orders.v2.critical: 6 partitions') })
  const left = await run('plan', ...next)
  expect(left).toMatchObject({
    code: 0,
    out: expect.stringContaining('shop.orders.critical left the typed file and stays'),
  })
  const removed = await run('apply', '--yes', '--allow-delete', ...next)
  expect(removed).toMatchObject({
    code: 0,
    err: expect.stringContaining('- shop.orders.critical: removed with its events'),
  })
}, 60_000)

test('--acls prints commands for each kind of process, and asks no log', async () => {
  const { code, out } = await run('plan', '--acls')
  expect(code).toBe(0)
  expect(out).toContain(
    '--allow-principal User:shop-publisher --operation Write --topic shop.orders.critical --resource-pattern-type literal',
  )
  expect(out).toContain('--allow-principal User:shop-apply')
  const grants = (await run('plan', '--acls', '--json')).json()[0]
  expect(grants).toContainEqual(
    expect.objectContaining({ role: 'worker', resource: 'group', name: 'shop.billing', principal: 'User:shop-worker' }),
  )
})

/** What the page shows of events and topics, from the command line. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeShell, veltrix, type FakeShell } from './fake-shell.ts'
import { testProject, type TestProject } from './project.ts'

let project: TestProject
beforeAll(async () => {
  project = await testProject()
  const orders = [
    { id: 'e-1', data: { orderId: 'o-1', total: 5, card: { number: '4242' } } },
    { id: 'e-2', data: { orderId: 'o-2', total: 50 } },
    { id: 'e-3', data: { orderId: 'o-1', total: 500 } },
  ]
  for (const { id, data } of orders) {
    const { code } = await veltrix(['publish', 'order.placed', '--data', JSON.stringify(data), '--id', id], shell())
    expect(code).toBe(0)
  }
})
afterAll(() => project.remove())

const shell = (): FakeShell => fakeShell({ cwd: project.directory })

async function tail(...filters: string[]): Promise<any[]> {
  const flags = filters.flatMap((filter) => ['--filter', filter])
  return (await veltrix(['tail', '--from', 'earliest', '--no-follow', '--json', ...flags], shell())).json()
}

test('tail --filter: all that are given must hold, and secrets are not looked into', async () => {
  expect(await tail('event.data.total > 10.0')).toMatchObject([{ id: 'e-2' }, { id: 'e-3' }])
  expect(await tail('event.data.total > 10.0', 'event.key == "o-1"')).toMatchObject([{ id: 'e-3' }])
  expect(await tail('event.data.card.number == "4242"')).toEqual([])
  expect(await tail('event.data.card.number == "***"')).toMatchObject([{ id: 'e-1' }])
})

test('tail --filter: what is no CEL is wrong usage, and says what', async () => {
  const { code, err } = await veltrix(['tail', '--filter', 'event.data.total >', '--no-follow'], shell())
  expect(code).toBe(2)
  expect(err).toContain('error --filter: The filter is not taken: ')
  expect(err).toContain('(VLX_USAGE)')
})

test('event: payload with its secrets masked, story, and the neighbours of its key', async () => {
  const [{ topic, partition, offset }] = (await tail('event.id == "e-1"')) as [any]
  const place = `${topic}/${partition}/${offset}`
  const { code, json } = await veltrix(['event', place, '--json'], shell())
  expect(code).toBe(0)
  const view = json()[0] as any
  expect(view).toMatchObject({ line: { id: 'e-1', topic, partition, offset }, undecodable: null, raw: null })
  expect(view.event.data).toEqual({ orderId: 'o-1', total: 5, card: { number: '***' } })
  expect(view.neighbours.map(({ id, state }: any) => [id, state])).toEqual([
    ['e-1', 'waiting'],
    ['e-3', 'waiting'],
  ])
  expect(view.story.map(({ step, subscription }: any) => [step, subscription])).toEqual([
    ['accepted', null],
    ['stored', null],
    ['waiting', 'billing'],
    ['waiting', 'reports'],
  ])
  const { out } = await veltrix(['event', place], shell())
  expect(out).toContain(`${place}\n`)
  expect(out).toMatch(/billing waiting {2}Waits for its turn/)
  expect(out).not.toContain('4242')
})

test('event: a place that is none, and one where nothing lies', async () => {
  const wrong = await veltrix(['event', 'e-1'], shell())
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('write topic/partition/offset') as string })
  const missing = await veltrix(['event', 'shop.orders.critical/0/4711'], shell())
  expect(missing.code).toBe(1)
  expect(missing.err).toContain('4711')
  const foreign = await veltrix(['event', 'other.topic/0/1'], shell())
  expect(foreign).toMatchObject({ code: 1, err: expect.stringContaining('No stream has the topic') as string })
})

test('topics: every partition, and how far groups are', async () => {
  const { code, json } = await veltrix(['topics', '--json'], shell())
  expect(code).toBe(0)
  const view = json()[0] as any
  const critical = view.topics.find(({ name }: any) => name === 'shop.orders.critical')
  expect(critical).toMatchObject({ kind: 'stream', stream: 'orders', lane: 'critical' })
  expect(critical.partitions).toHaveLength(3)
  expect(critical.partitions.reduce((sum: number, { end, earliest }: any) => sum + end - earliest, 0)).toBe(3)
  const billing = view.groups.find(({ subscription }: any) => subscription === 'billing')
  expect(billing.partitions.reduce((sum: number, { lag }: any) => sum + lag, 0)).toBe(3)
  const one = await veltrix(['topics', 'shop.orders.critical'], shell())
  expect(one.out).toMatch(/TOPIC +PARTITION +RECORDS +LAG +OLDEST/)
  expect(one.out.match(/^shop\.orders\.critical/gm)).toHaveLength(3)
  expect(one.out).not.toMatch(/^shop\.orders\.bulk/m)
  const unknown = await veltrix(['topics', 'shop.orders.critica'], shell())
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('shop.orders.critical') as string })
})

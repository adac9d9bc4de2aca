/**
 * Acting by the page's requests: each does what it says on the running system, and is told with who did it.
 * @module
 */
import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { running, until } from './running.ts'

const by = `dashboard@${hostname()}`

async function problemOf(response: Response): Promise<{ status: number; name: string; detail: string }> {
  const { status, type, detail } = (await response.json()) as any
  expect(status).toBe(response.status)
  return { status, name: type.replace('urn:veltrix:problem:', ''), detail }
}

test('an event that is sent is published and handled', async () => {
  const { post, json, acts } = await running()
  const response = await post('/api/events', {
    type: 'order.exported',
    data: { orderId: 'o-1' },
    lane: 'critical',
    id: 'mine',
  })
  expect(response.status).toBe(200)
  const sent = (await response.json()) as any
  expect(sent).toEqual({
    id: 'mine',
    topic: 'shop.orders.critical',
    partition: expect.any(Number) as number,
    offset: 0,
  })
  await until(async () => {
    const { story } = await json(`/api/events/${sent.topic}/${sent.partition}/${sent.offset}`)
    return story.some(({ step, subscription }: any) => step === 'done' && subscription === 'archive')
  })
  expect(acts).toMatchObject([{ by, act: 'publish', to: expect.stringContaining('order.exported mine') as string }])
})

test.for([
  [{ type: 'order.placed', data: { total: 'much' } }, 400, 'event-invalid'],
  [{ type: 'order.lost', data: {} }, 400, 'event-invalid'],
  [{ type: 'order.placed', data: { orderId: 'o-1', card: { number: '***' } } }, 400, 'event-invalid'],
  [{ type: 'order.placed', data: { orderId: 'o-1' }, lane: 'fast' }, 400, 'event-invalid'],
  [{ type: 7, data: {} }, 400, 'body-invalid'],
  [{ type: 'order.placed', data: { orderId: 'o-1' }, colour: 'red' }, 400, 'body-invalid'],
  [['order.placed'], 400, 'body-invalid'],
  [{ type: 'order.placed', data: { orderId: 'x'.repeat(1_100_000) } }, 413, 'too-large'],
] as const)('%j is not sent', async ([body, status, name]) => {
  const { post, failures, acts } = await running({ started: false })
  expect(await problemOf(await post('/api/events', body))).toMatchObject({ status, name })
  expect([failures, acts]).toEqual([[], []])
})

test('what is wrong with an event names the field', async () => {
  const { post } = await running({ started: false })
  const response = await post('/api/events', { type: 'order.placed', data: { orderId: 'o-1', total: 'much' } })
  expect(((await response.json()) as any).issues).toMatchObject([{ path: expect.stringContaining('total') as string }])
})

test('a body that is no JSON, or of another kind, is not read', async () => {
  const { url, token } = await running({ started: false })
  const send = (contentType: string, body: string): Promise<Response> =>
    fetch(`${url}/api/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'x-veltrix-dashboard': '1', 'content-type': contentType },
      body,
    })
  expect((await problemOf(await send('application/json', '{"type"'))).name).toBe('body-invalid')
  expect((await problemOf(await send('text/plain', '{}'))).name).toBe('media-type-unsupported')
  expect((await problemOf(await send('application/x-www-form-urlencoded', 'type=x'))).name).toBe(
    'media-type-unsupported',
  )
  expect((await problemOf(await send('application/json', '{"__proto__":{"type":"order.placed"}}'))).name).toBe(
    'body-invalid',
  )
})

test('a subscription is paused and goes on', async () => {
  const { app, post, json, acts } = await running()
  expect((await post('/api/subscriptions/archive/pause')).status).toBe(204)
  const place = await app.publish('order.exported', { orderId: 'o-1' })
  const state = async (): Promise<string> =>
    (await json(`/api/events/${place.topic}/${place.partition}/${place.offset}`)).neighbours[0].state
  const lanes = app.status().find(({ subscription }) => subscription === 'archive')!.lanes
  expect(lanes.map(({ paused }) => paused)).toEqual([true, true])
  expect(await state()).toBe('waiting')
  expect((await post('/api/subscriptions/archive/resume', { lane: 'bulk' })).status).toBe(204)
  await until(async () => (await state()) === 'done')
  expect(acts.map(({ act, to }) => [act, to])).toEqual([
    ['pause', 'archive'],
    ['resume', 'archive, lane bulk'],
  ])
  expect((await problemOf(await post('/api/subscriptions/nobody/pause'))).name).toBe('not-found')
  expect((await problemOf(await post('/api/subscriptions/archive/pause', { lane: 'fast' }))).name).toBe('body-invalid')
})

test('where the application runs elsewhere there is nothing to pause', async () => {
  const { post, acts } = await running({ started: false })
  expect(await problemOf(await post('/api/subscriptions/billing/pause'))).toMatchObject({
    status: 409,
    name: 'elsewhere',
  })
  expect(acts).toEqual([])
})

test('a mark is shown to all who look, and to who comes later', async () => {
  const { post, stream } = await running()
  const texts: string[] = []
  for await (const { event, data } of stream('/api/live')) {
    if (event === 'history') expect((await post('/api/marks', { kind: 'deploy', text: 'version 7' })).status).toBe(204)
    if (event === 'mark' && data.kind === 'deploy') texts.push(data.text)
    if (texts.length > 0) break
  }
  expect(texts).toEqual(['version 7'])
  for await (const { data } of stream('/api/live')) {
    expect(data.marks).toContainEqual(expect.objectContaining({ kind: 'deploy', text: 'version 7' }))
    break
  }
  expect((await problemOf(await post('/api/marks', { kind: 'breaker', text: 'no' }))).name).toBe('body-invalid')
  expect((await problemOf(await post('/api/marks', { kind: 'note', text: 'x'.repeat(201) }))).name).toBe('body-invalid')
})

/** Three dead letters of `billing`, with one parked behind the first. */
async function failed() {
  const system = await running()
  for (let at = 0; at < 3; at++) await system.app.publish('order.placed', { orderId: `o-${at}`, note: 'fail' })
  await system.app.publish('order.placed', { orderId: 'o-0', note: 'behind' })
  const letters = await until(async () => {
    const page = await system.json('/api/dead/billing')
    return page.total === 4 && (page.letters as any[])
  })
  return { ...system, letters }
}

test('a redrive is tried without doing it, begun, followed and told', async () => {
  const { post, json, letters, acts } = await failed()
  const dead = letters.filter(({ kind }) => kind === 'dead').map(({ id }) => id)
  const dry = (await (
    await post('/api/dead/billing/redrive', { selection: { all: true }, dryRun: true })
  ).json()) as any
  expect(dry).toEqual({ total: 4, outcomes: { 'would-redrive': 3, follows: 1 }, refused: [] })
  expect(await json('/api/redrives')).toEqual([])
  const response = await post('/api/dead/billing/redrive', {
    selection: { ids: dead },
    rate: 1_000,
    reason: 'the bank is back',
  })
  const begun = (await response.json()) as any
  expect(begun).toMatchObject({ subscription: 'billing', by, rate: 1_000, total: 3 })
  const ended = await until(async () => {
    const [redrive] = await json('/api/redrives')
    return redrive.state !== 'running' && redrive
  })
  // They fail again: their handler has not changed its mind.
  expect(ended).toMatchObject({ id: begun.id, state: 'done', requested: 3, redriven: 0, failedAgain: 3, error: null })
  const audit = (await json('/api/dead/billing/audit')) as any[]
  expect(audit.find(({ action }) => action === 'redrive-requested')).toMatchObject({ by, reason: 'the bank is back' })
  expect(acts).toMatchObject([{ by, act: 'redrive', to: 'billing: 3 letters', reason: 'the bank is back' }])
})

test('a redrive is stopped: what was not asked for stays', async () => {
  const { post, json } = await failed()
  // So slow that only the first is asked for.
  const begun = (await (
    await post('/api/dead/billing/redrive', { selection: { filter: { kind: 'dead' } }, rate: 0.001 })
  ).json()) as any
  expect(begun).toMatchObject({ state: 'running', total: 3, requested: 1 })
  const stopped = (await (await post(`/api/redrives/${begun.id}/stop`)).json()) as any
  expect(stopped.state).toBe('stopped')
  await until(async () => (await json('/api/redrives'))[0].endedAt !== null)
  expect((await json('/api/redrives'))[0]).toMatchObject({ state: 'stopped', requested: 1 })
  expect((await problemOf(await post('/api/redrives/nothing/stop'))).name).toBe('not-found')
})

test('letters are discarded with a reason, in the order that keys allow', async () => {
  const { post, json, letters, acts } = await failed()
  const parked = letters.find(({ kind }) => kind === 'parked')!
  const one = (await (
    await post('/api/dead/billing/discard', { selection: { ids: [parked.id] }, reason: 'no' })
  ).json()) as any
  expect(one.refused).toMatchObject([{ id: parked.id, why: expect.any(String) as string }])
  const all = (await (
    await post('/api/dead/billing/discard', { selection: { all: true }, reason: 'test orders' })
  ).json()) as any
  expect(all).toEqual({ total: 4, outcomes: { discarded: 4 }, refused: [] })
  expect((await json('/api/dead/billing')).total).toBe(0)
  expect(acts.at(-1)).toMatchObject({ by, act: 'discard', reason: 'test orders' })
  expect((await problemOf(await post('/api/dead/billing/discard', { selection: { all: true } }))).name).toBe(
    'body-invalid',
  )
})

test('an edited copy runs in the place of a letter, and its followers after it', async () => {
  const { post, json, letters } = await failed()
  const head = letters.find(({ key, kind }) => key === 'o-0' && kind === 'dead')!
  const path = `/api/dead/billing/letters/${encodeURIComponent(head.id)}/replace`
  const sent = (await (
    await post(path, { data: { orderId: 'o-0', note: 'fine' }, reason: 'a typing error' })
  ).json()) as any
  expect(`${sent.topic}/${sent.partition}/${sent.offset}`).toBe(head.id)
  await until(async () => (await json('/api/dead/billing?key=o-0')).total === 0)
  expect((await problemOf(await post(path, { data: {}, reason: 'again' }))).status).toBe(404)
})

test.for([
  [{ selection: {} }, 'query-invalid'],
  [{}, 'query-invalid'],
  [{ selection: { all: true, ids: ['a'] } }, 'query-invalid'],
  [{ selection: { ids: 'all' } }, 'query-invalid'],
  [{ selection: { filter: {} } }, 'query-invalid'],
  [{ selection: { filter: { colour: 'red' } } }, 'query-invalid'],
  [{ selection: { all: true }, rate: 0 }, 'query-invalid'],
  [{ selection: { all: true }, rate: 'fast' }, 'body-invalid'],
  [{ selection: { all: true }, dryRun: 'yes' }, 'body-invalid'],
] as const)('the redrive %j is refused', async ([body, name]) => {
  const { post, json, failures } = await running({ started: false })
  expect(await problemOf(await post('/api/dead/billing/redrive', body))).toMatchObject({ status: 400, name })
  expect([await json('/api/redrives'), failures]).toEqual([[], []])
})

test('topics and groups are there with what holds them, and a plan', async () => {
  const { app, json } = await running()
  await app.publish('order.placed', { orderId: 'o-1' })
  const view = await until(async () => {
    const found = await json('/api/topics')
    return (
      found.groups.every(
        ({ partitions }: any) => partitions.length > 0 && partitions.every(({ lag }: any) => lag === 0),
      ) && found
    )
  })
  expect(view.brokers).toBeNull()
  const critical = view.topics.find(({ name }: any) => name === 'shop.orders.critical')
  expect(critical).toMatchObject({ kind: 'stream', stream: 'orders', lane: 'critical' })
  expect(critical.partitions).toHaveLength(2)
  expect(critical.partitions.reduce((sum: number, { end }: any) => sum + end, 0)).toBe(1)
  expect(critical.partitions[0]).toMatchObject({ leader: null, replicas: null, inSync: null })
  expect(view.topics.map(({ kind }: any) => kind)).toEqual(expect.arrayContaining(['stream', 'dead', 'audit']))
  const billing = view.groups.find(({ subscription }: any) => subscription === 'billing')
  expect(billing.members).toMatchObject([{ partitions: 4 }])
  const plan = await json('/api/plan')
  // The topics were made by the application and not by a plan: it would take them over.
  expect(plan).toMatchObject({ clean: false, error: null })
  expect(plan.steps).toContainEqual({
    kind: 'safe',
    text: expect.stringContaining('shop.orders.critical') as string,
  })
})

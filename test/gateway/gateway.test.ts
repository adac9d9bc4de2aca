/** What a gateway takes, what it answers, and that it is on the log by then. */
import { expect, test } from 'vitest'
import { createGateway, GatewayAddressInvalid, GatewayExposed, type GatewayApp } from '../../src/gateway/index.ts'
import { LogUnavailable } from '../../src/transport/index.ts'
import { veltrix } from '../../src/index.ts'
import { binary, problemIn, running, shop, structured } from './running.ts'

const cloudEvent = { 'content-type': 'application/cloudevents+json; charset=utf-8' }
const batch = { 'content-type': 'application/cloudevents-batch+json' }
const json = { 'content-type': 'application/json' }

test('binary mode: attributes from the headers, percent-encoded and quoted text, extensions, the payload as it is', async () => {
  const { post, stored } = await running()
  const headers = binary('a-1', {
    'ce-subject': '"gr%C3%BC%C3%9Fe %E2%82%AC"',
    'ce-time': '2026-01-31T12:00:00.5+01:00',
    'ce-traceparent': '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  })
  const response = await post('/events', headers, '{"orderId":"o-1","total":5}')
  expect(response.status).toBe(202)
  expect(await response.json()).toEqual({ id: 'a-1', source: '/till/7', type: 'order.placed' })
  const [event, ...others] = await stored()
  expect(others).toEqual([])
  expect(event!.data).toEqual({ orderId: 'o-1', total: 5 })
  expect(event!.attributes).toMatchObject({
    ce_id: 'a-1',
    ce_source: '/till/7',
    ce_type: 'order.placed',
    ce_subject: 'grüße €',
    ce_time: '2026-01-31T12:00:00.5+01:00',
    ce_traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  })
})

test('structured mode, with data and with data_base64', async () => {
  const { post, stored } = await running()
  const encoded = Buffer.from('{"orderId":"o-2"}').toString('base64')
  const { data: _, ...bare } = structured('b')
  const events = [structured('a', { flag: true, count: 3, nothing: null }), { ...bare, data_base64: encoded }]
  for (const event of events) expect((await post('/events', cloudEvent, JSON.stringify(event))).status).toBe(202)
  const all = await stored()
  expect(all.map(({ data }) => (data as { orderId: string }).orderId).toSorted()).toEqual(['o-1', 'o-2'])
  const first = all.find(({ attributes }) => attributes['ce_id'] === 'a')
  expect(first!.attributes).toMatchObject({ ce_flag: 'true', ce_count: '3' })
  expect(first!.attributes).not.toHaveProperty('ce_nothing')
})

test('batched mode: a result for each at its own place; a bad one harms no other', async () => {
  const { post, stored } = await running()
  const events = [
    structured('a'),
    structured('b', { specversion: '0.3' }),
    7,
    structured('c', { type: 'no' }),
    structured('d'),
  ]
  const response = await post('/events', batch, JSON.stringify(events))
  expect(response.status).toBe(207)
  const body = (await response.json()) as { results: { status: number; problem?: { type: string } }[] }
  expect(body).toMatchObject({ accepted: 2, refused: 3 })
  expect(body.results.map(({ status }) => status)).toEqual([202, 400, 400, 400, 202])
  expect(body.results[3]!.problem!.type).toBe('urn:veltrix:problem:event-type-unknown')
  expect((await stored()).map(({ attributes }) => attributes['ce_id']).toSorted()).toEqual(['a', 'd'])
  const good = await post('/events', batch, JSON.stringify([structured('e')]))
  expect([good.status, ((await good.json()) as { refused: number }).refused]).toEqual([202, 0])
  const empty = await post('/events', batch, '[]')
  expect([empty.status, await empty.json()]).toEqual([202, { accepted: 0, refused: 0, results: [] }])
})

test('plain JSON at /events/{type}: the gateway makes the event; Idempotency-Key is its id', async () => {
  const { post, stored } = await running()
  const first = await post('/events/order.exported', { ...json, 'idempotency-key': '"k-1"' }, '{"orderId":"o-1"}')
  expect([first.status, await first.json()]).toEqual([202, { id: 'k-1', source: '/shop', type: 'order.exported' }])
  const second = await post('/events/order.exported', json, '{"orderId":"o-1"}')
  expect(((await second.json()) as { id: string }).id).toMatch(/^[0-9a-f-]{36}$/)
  expect(await stored()).toHaveLength(2)
})

/** An app whose publishes wait until they are let go. */
function held(): { wrap: (app: GatewayApp) => GatewayApp; release: () => void; arrived: () => number } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let count = 0
  const wait = (): Promise<void> => {
    count++
    return promise
  }
  return {
    wrap: (app) => ({
      config: app.config,
      open: () => app.open(),
      publish: (type, data, options) => wait().then(() => app.publish(type, data, options)),
      publishMany: (items) => wait().then(() => app.publishMany(items)),
    }),
    release: resolve,
    arrived: () => count,
  }
}

test('202 comes after the log has the event, and one still in flight is 409', async () => {
  const { wrap, release, arrived } = held()
  const { post, stored } = await running({}, wrap)
  let answered = false
  const first = post('/events', binary('a'), '{"orderId":"o-1"}').finally(() => (answered = true))
  await expect.poll(arrived).toBe(1)
  const second = await post('/events', binary('a'), '{"orderId":"o-1"}')
  expect([second.status, second.headers.get('retry-after')]).toEqual([409, '1'])
  expect([answered, await stored()]).toEqual([false, []])
  release()
  expect((await first).status).toBe(202)
  expect(await stored()).toHaveLength(1)
})

test('a flood of other lanes is refused while the most urgent one has its reserve', async () => {
  const { wrap, release, arrived } = held()
  const { post } = await running({ maxInFlightEvents: 10, urgentReserve: 0.2 }, wrap)
  const bulk = (id: number) => post('/events', binary(`b-${id}`, { 'ce-type': 'order.exported' }), '{"orderId":"o"}')
  const waiting = Array.from({ length: 8 }, (_, id) => bulk(id))
  await expect.poll(arrived).toBe(8)
  const refused = await bulk(8)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  expect((await problemIn(refused)).type).toBe('urn:veltrix:problem:overloaded')
  const urgent = [post('/events', binary('u-1'), '{"orderId":"o"}'), post('/events', binary('u-2'), '{"orderId":"o"}')]
  await expect.poll(arrived).toBe(10)
  expect((await post('/events', binary('u-3'), '{"orderId":"o"}')).status).toBe(503)
  release()
  for (const each of await Promise.all([...waiting, ...urgent])) expect(each.status).toBe(202)
})

test('a log that cannot be written is 503 with Retry-After, and says nothing of its inside', async () => {
  const down = (): Promise<never> => Promise.reject(new LogUnavailable('broker 10.0.0.7 is gone'))
  const { post } = await running({}, (app) => ({
    config: app.config,
    open: () => app.open(),
    publish: down,
    publishMany: down,
  }))
  const one = await post('/events', binary('a'), '{"orderId":"o-1"}')
  expect([one.status, one.headers.get('retry-after')]).toEqual([503, '1'])
  expect(JSON.stringify(await problemIn(one))).not.toContain('10.0.0.7')
  const many = await post('/events', batch, JSON.stringify([structured('a')]))
  expect([many.status, ((await many.json()) as { results: object[] }).results[0]]).toMatchObject([207, { status: 503 }])
})

test('what is not ours fails as 500 without its message, and is told to the one who runs it', async () => {
  const failures: unknown[] = []
  const broken = (): never => {
    throw new Error('password=hunter2')
  }
  const { post } = await running({ onFailure: (error) => failures.push(error) }, (app) => ({
    get config() {
      return app.config
    },
    open: () => app.open(),
    publish: broken,
    publishMany: broken,
  }))
  const response = await post('/events', binary('a'), '{"orderId":"o-1"}')
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('hunter2')
  expect(failures).toHaveLength(1)
})

test('types with their lanes and JSON Schemas; other paths and methods are problems', async () => {
  const { url } = await running()
  const { types } = (await (await fetch(`${url}/events/types`)).json()) as {
    types: { type: string; schema: unknown }[]
  }
  expect(types.map(({ type }) => type)).toEqual(['order.placed', 'order.exported'])
  expect(types[0]!.schema).toMatchObject({ type: 'object', required: ['orderId'] })
  expect((await fetch(`${url}/nothing`)).status).toBe(404)
  const wrong = await fetch(`${url}/events`)
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
})

test('health: ready after the start, not ready while it drains, and events are taken until it closes', async () => {
  const { gateway, post, url } = await running()
  const status = async (path: string): Promise<number> => (await fetch(`${url}${path}`)).status
  expect([await status('/livez'), await status('/startupz'), await status('/readyz')]).toEqual([200, 200, 200])
  gateway.unready()
  expect([await status('/livez'), await status('/startupz'), await status('/readyz')]).toEqual([200, 200, 503])
  expect((await post('/events', binary('a'), '{"orderId":"o-1"}')).status).toBe(202)
})

test('closing answers what is under way', async () => {
  const { wrap, release, arrived } = held()
  const { gateway, post } = await running({}, wrap)
  const answer = post('/events', binary('a'), '{"orderId":"o-1"}')
  await expect.poll(arrived).toBe(1)
  const closed = gateway.close()
  release()
  expect((await answer).status).toBe(202)
  await closed
  await expect(post('/events', binary('b'), '{"orderId":"o-1"}')).rejects.toThrow('fetch failed')
})

test.each(['0.0.0.0', '::', '192.168.1.4', 'example.com', ''])(
  'does not listen on %j without knowing who calls',
  (host) => {
    expect(() => createGateway(veltrix(shop), { host })).toThrow(GatewayExposed)
  },
)

test('a port that is taken is a clear error', async () => {
  const { url } = await running()
  await expect(running({ port: Number(new URL(url).port) })).rejects.toThrow(GatewayAddressInvalid)
})

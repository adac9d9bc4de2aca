/**
 * What the page asks for, of an application that runs, on a real log.
 * @module
 */
import { expect, test } from 'vitest'
import { running, until } from './running.ts'

test('the typed file as the page sees it', async () => {
  const { json } = await running()
  const system = await json('/api/system')
  expect(system).toMatchObject({
    app: 'shop',
    inProcess: true,
    readOnly: false,
    rights: { read: true, readPayload: true, redrive: true, publish: true, pause: true },
    lanes: ['critical', 'bulk'],
    gateway: null,
  })
  expect(system.version).toMatch(/^\d+\.\d+\.\d+/)
  expect(system.place).toContain('embedded')
  expect(system.streams[0]).toMatchObject({
    name: 'orders',
    key: 'orderId',
    partitions: 2,
    topics: { critical: 'shop.orders.critical', bulk: 'shop.orders.bulk' },
  })
  const [placed] = system.streams[0].types
  expect(placed).toMatchObject({ type: 'order.placed', lane: 'critical', secret: ['card.number'] })
  expect(placed.schema.required).toEqual(['orderId'])
  expect(system.subscriptions[0]).toEqual({
    name: 'billing',
    types: ['order.placed'],
    streams: ['orders'],
    concurrency: expect.any(Number) as number,
    attempts: 2,
    onDeadLetter: 'park-key',
    deadTopic: 'shop.billing.dead',
  })
})

test('a second has what was published, handled and failed in it', async () => {
  const { app, stream } = await running()
  const sums = { published: 0, handled: 0, dead: 0, retries: 0, into: 0, out: 0 }
  let last: any
  const notes = ['fail', 'again', ...Array.from({ length: 18 }, () => 'fine')]
  await Promise.all(notes.map((note, at) => app.publish('order.placed', { orderId: `o-${at}`, note })))
  for await (const { event, data } of stream('/api/live')) {
    const seconds = event === 'history' ? data.seconds : event === 'second' ? [data] : []
    for (const second of seconds) {
      last = second
      const { critical } = second.lanes
      for (const name of ['published', 'handled', 'dead', 'retries'] as const) sums[name] += critical[name]
      for (const flow of second.flows) {
        if (flow.subscription === null) sums.into += flow.perSecond
        else sums.out += flow.perSecond
      }
    }
    if (last?.subscriptions.billing.deadLetters === 1 && last.lanes.critical.lag === 0 && sums.out > 0) break
  }
  // How long a second of the timer is depends on the machine: `second.test.ts` has the exact figures.
  expect(sums.published).toBeGreaterThan(0)
  expect(sums.into).toBeCloseTo(sums.published, 3)
  expect(sums.out).toBeCloseTo(sums.handled, 3)
  expect(sums.dead).toBeGreaterThan(0)
  expect(sums.retries).toBeGreaterThan(0)
  expect(last.subscriptions.billing).toMatchObject({ breaker: 'closed', paused: false, running: 0, parkedKeys: 1 })
  expect(last.lanes.critical.lagSeconds).toBe(0)
  expect(last.at % 1_000).toBe(0)
})

test('what was there is shown first, then what comes, with secrets masked', async () => {
  const { app, stream } = await running()
  const card = { number: '4111', name: 'Ada' }
  await app.publish('order.placed', { orderId: 'o-1', total: 120, card })
  await app.publish('order.exported', { orderId: 'o-2', total: 5 })
  const seen: any[] = []
  for await (const { event, data } of stream('/api/tail?last=10')) {
    expect(event).toBe('events')
    const isFirst = seen.length === 0
    seen.push(...data.events)
    if (isFirst) await app.publish('order.placed', { orderId: 'o-3', total: 7 })
    if (seen.length === 3) break
  }
  expect(seen.map(({ key }) => key).toSorted()).toEqual(['o-1', 'o-2', 'o-3'])
  expect(seen.find(({ key }) => key === 'o-1')).toMatchObject({
    topic: 'shop.orders.critical',
    stream: 'orders',
    lane: 'critical',
    type: 'order.placed',
    source: '/shop',
    data: { orderId: 'o-1', total: 120, card: { number: '***', name: 'Ada' } },
  })
})

test('filters are asked of what is shown', async () => {
  const { app, stream } = await running({ started: false })
  for (const total of [50, 150, 250]) {
    await app.publish('order.placed', { orderId: `o-${total}`, total, card: { number: '4111' } })
  }
  await app.publish('order.exported', { orderId: 'o-9', total: 500 })
  const keys = async (query: string): Promise<string[]> => {
    for await (const { data } of stream(`/api/tail?${query}`)) return data.events.map(({ key }: any) => key).toSorted()
    return []
  }
  const filter = (text: string): string => `filter=${encodeURIComponent(text)}`
  expect(await keys(filter('event.data.total > 100.0'))).toEqual(['o-150', 'o-250', 'o-9'])
  expect(await keys(`${filter('event.data.total > 100.0')}&${filter('event.data.total < 200')}`)).toEqual(['o-150'])
  expect(await keys(`type=order.exported&${filter('event.lane == "bulk"')}`)).toEqual(['o-9'])
  expect(await keys('key=o-50')).toEqual(['o-50'])
  expect(await keys('lane=bulk')).toEqual(['o-9'])
  // A field that is not there matches nothing, and a secret cannot be asked for.
  expect(await keys(filter('event.data.nothing > 1'))).toEqual([])
  expect(await keys(filter('event.data.card.number == "4111"'))).toEqual([])
})

test.for([
  ['filter=event.data.', 'filter-invalid'],
  ['filter=nothing == 1', 'filter-invalid'],
  ['filter=event.data.total %2B 1 == 1 ? "a" : "b"', 'filter-invalid'],
  ['filter=event.type.matches("(a%2B)%2B$")', 'filter-invalid'],
  [`filter=${'event.data.l.exists(a, '.repeat(3)}true)))`, 'filter-invalid'],
  [`filter=${'!'.repeat(2_000)}true`, 'filter-invalid'],
  ['lane=fast', 'query-invalid'],
  ['stream=none', 'query-invalid'],
  ['last=-1', 'query-invalid'],
  ['last=1e9', 'query-invalid'],
  ['key=a&key=b', 'query-invalid'],
  ['colour=red', 'query-invalid'],
] as const)('a tail with %s is refused as %s', async ([query, problem]) => {
  const { get } = await running({ started: false })
  const response = await get(`/api/tail?${query}`)
  expect(response.status).toBe(400)
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(((await response.json()) as any).type).toBe(`urn:veltrix:problem:${problem}`)
})

test('one event with its story and its neighbours', async () => {
  const { app, json } = await running()
  const first = await app.publish('order.placed', { orderId: 'o-1', note: 'again' })
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const second = await app.publish('order.placed', { orderId: 'o-1' }, { extensions: { traceparent } })
  const at = ({ topic, partition, offset }: typeof first): string => `/api/events/${topic}/${partition}/${offset}`
  const view = await until(async () => {
    const found = await json(at(first))
    return found.story.filter(({ step }: any) => step === 'done').length === 2 && found
  })
  const steps = view.story.filter(({ subscription }: any) => subscription === 'billing').map(({ step }: any) => step)
  expect(steps).toEqual(['started', 'retry', 'started', 'done'])
  expect(view.story.slice(0, 2).map(({ step }: any) => step)).toEqual(['accepted', 'stored'])
  expect(view.event).toMatchObject({ specversion: '1.0', type: 'order.placed', partitionkey: 'o-1' })
  // The type has a secret field, so its bytes are not shown.
  expect(view.raw).toBeNull()
  expect(view.headers).toContainEqual(['ce_type', 'order.placed'])
  expect(view.neighbours.map(({ offset }: any) => offset)).toEqual([first.offset, second.offset])
  expect((await json(at(second))).trace).toEqual({ id: '4bf92f3577b34da6a3ce929d0e0e4736', url: null })
})

test('an event that ran elsewhere has the story that the log knows', async () => {
  const { json, app } = await running({ started: false })
  const place = await app.publish('order.exported', { orderId: 'o-1' })
  const view = await json(`/api/events/${place.topic}/${place.partition}/${place.offset}`)
  expect(view.story.map(({ step }: any) => step)).toEqual(['accepted', 'stored', 'waiting'])
  expect(Buffer.from(view.raw, 'base64').toString()).toBe('{"orderId":"o-1"}')
  expect(view.neighbours).toMatchObject([{ state: 'waiting' }])
})

test.for([
  ['shop.orders.critical/0/99', 404],
  ['shop.billing.dead/0/0', 404],
  ['other/0/0', 404],
  ['shop.orders.critical/x/0', 400],
  ['shop.orders.critical/0/-1', 400],
  ['shop.orders.critical/0/99999999999999999999', 400],
  ['shop.orders.critical/7/0', 404],
] as const)('the event at %s is answered with %s', async ([place, status]) => {
  const { get, failures } = await running({ started: false })
  expect((await get(`/api/events/${place}`)).status).toBe(status)
  expect(failures).toEqual([])
})

test('dead letters are listed, grouped and shown', async () => {
  const { app, json, get } = await running()
  for (let at = 0; at < 3; at++)
    await app.publish('order.placed', { orderId: `o-${at}`, note: 'fail', card: { number: '4111' } })
  await app.publish('order.placed', { orderId: 'o-0' })
  const page = await until(async () => {
    const found = await json('/api/dead/billing')
    return found.total === 4 && found
  })
  expect(page.letters.filter(({ kind }: any) => kind === 'parked')).toHaveLength(1)
  const filtered = await json('/api/dead/billing?kind=dead&key=o-0&limit=1')
  expect(filtered).toMatchObject({
    total: 1,
    next: null,
    letters: [{ key: 'o-0', reason: 'unrecoverable', followers: 1 }],
  })
  const [dead] = filtered.letters
  const groups = await json('/api/dead/billing/groups')
  expect(groups[0]).toMatchObject({ count: 3, keys: 3, reason: 'unrecoverable', errorName: 'Unrecoverable' })
  expect((await json(`/api/dead/billing?group=${groups[0].group}`)).total).toBe(3)
  const shown = await json(`/api/dead/billing/letters/${encodeURIComponent(dead.id)}`)
  expect(shown.letter).toEqual(dead)
  expect(shown.followers).toMatchObject([{ kind: 'parked', key: 'o-0' }])
  expect(shown.event.event.data.card.number).toBe('***')
  expect(shown.event.story.at(-1)).toBeDefined()
  expect(shown.errorStack).toContain('card of o-0 refused')
  expect((await get('/api/dead/nobody')).status).toBe(404)
  expect((await get('/api/dead/billing?colour=red')).status).toBe(400)
  expect((await get('/api/dead/billing/letters/shop%2F0%2F0')).status).toBe(404)
  // A topic of Kafka may have 249 characters, each of them percent-encoded.
  const long = await get(`/api/dead/billing/letters/${'%78'.repeat(249)}%2F0%2F0`)
  expect(((await long.json()) as any).code).toBe('VLX_DEAD_LETTER_UNKNOWN')
  expect(await json('/api/dead/billing/audit')).toEqual([])
})

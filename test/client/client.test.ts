/** The client against a real gateway, and against answers that go wrong. */
import { expect, test } from 'vitest'
import {
  createClient,
  ClientFull,
  GatewayRefused,
  GatewayUnreachable,
  type ClientOptions,
} from '../../src/client/index.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { createKey } from '../../src/gateway/index.ts'
import { running, type shop } from '../gateway/running.ts'

type Shop = typeof shop

test('publishes through a gateway, typed; what is published together is one request', async () => {
  const { url, stored } = await running()
  let requests = 0
  const counting: typeof fetch = (...given) => {
    requests++
    return fetch(...given)
  }
  const client = createClient<Shop>({ url: `${url}/`, source: '/till/7', fetch: counting })
  const orders = Array.from({ length: 50 }, (_, nth) => client.publish('order.placed', { orderId: `o-${nth}` }))
  const results = await Promise.all(orders)
  expect(results[0]).toMatchObject({ source: '/till/7', type: 'order.placed', replayed: false })
  expect(await stored()).toHaveLength(50)
  expect(requests).toBe(1)
  // @ts-expect-error there is no such type
  await expect(client.publish('order.lost', {})).rejects.toThrow(GatewayRefused)
  // @ts-expect-error an order has an id
  await expect(client.publish('order.placed', {})).rejects.toMatchObject({
    problem: 'urn:veltrix:problem:event-invalid',
  })
  await client.close()
  await expect(client.publish('order.placed', { orderId: 'o' })).rejects.toThrow(ClientFull)
})

test('what is published when an answer has just come is sent too', async () => {
  const { url, stored } = await running()
  const client = createClient<Shop>({ url })
  for (let nth = 0; nth < 20; nth++) {
    const published = client.publish('order.placed', { orderId: `o-${nth}` })
    await published.then(() => client.publish('order.exported', { orderId: `o-${nth}` }))
  }
  expect(await stored()).toHaveLength(40)
})

test('subject, time and extensions arrive; an extension does not take the place of an attribute', async () => {
  const { url, stored } = await running()
  const client = createClient<Shop>({ url })
  const extensions = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', id: 'forged' }
  const time = new Date('2026-01-31T12:00:00Z')
  await client.publish('order.placed', { orderId: 'o' }, { id: 'a', subject: 's', time, extensions })
  const [event] = await stored()
  expect(event!.attributes).toMatchObject({ ce_id: 'a', ce_subject: 's', ce_time: '2026-01-31T12:00:00.000Z' })
  expect(event!.attributes['ce_traceparent']).toBe(extensions.traceparent)
})

/** A client whose requests are first answered by `answers`, one each, and after them by the gateway. */
async function after(answers: readonly (() => Promise<Response>)[], options: Partial<ClientOptions> = {}) {
  const gateway = await running()
  const clock = new VirtualClock()
  let next = 0
  const ask: typeof fetch = (...given) => answers[next++]?.() ?? fetch(...given)
  const client = createClient<Shop>({ url: gateway.url, fetch: ask, clock, random: () => 1, ...options })
  return { ...gateway, client, clock, asked: () => next }
}

const answer =
  (status: number, body: unknown = {}, headers: Record<string, string> = {}) =>
  (): Promise<Response> =>
    Promise.resolve(new Response(JSON.stringify(body), { status, headers }))

test('an answer that was lost is asked for again with the same id, and the event is stored once', async () => {
  const lost = Promise.withResolvers<void>()
  const gateway = await running()
  let isFirst = true
  const losing: typeof fetch = async (...given) => {
    const response = await fetch(...given)
    if (!isFirst) return response
    isFirst = false
    lost.resolve()
    throw new TypeError('fetch failed')
  }
  const clock = new VirtualClock()
  const client = createClient<Shop>({ url: gateway.url, fetch: losing, clock, random: () => 1 })
  const published = client.publish('order.placed', { orderId: 'o' })
  await lost.promise
  await expect.poll(() => clock.pendingTimers).toBe(1)
  await clock.advance(200)
  expect((await published).replayed).toBe(true)
  expect(await gateway.stored()).toHaveLength(1)
})

test.each([408, 409, 429, 500, 503])('%i is tried again, not before Retry-After', async (status) => {
  const { client, clock, asked, stored } = await after([answer(status, {}, { 'retry-after': '7' })])
  const published = client.publish('order.placed', { orderId: 'o' })
  await expect.poll(() => [asked(), clock.nextTimerInMs]).toEqual([1, 7_000])
  await clock.advance(7_000)
  await published
  expect(await stored()).toHaveLength(1)
})

test('one event of a batch is tried again, and the others have their answer', async () => {
  const results = [{ status: 202 }, { status: 503 }, { status: 400, problem: { type: 'urn:x', detail: 'no' } }]
  const { client, clock, stored } = await after([answer(207, { results })])
  const [first, second, third] = ['a', 'b', 'c'].map((id) => client.publish('order.placed', { orderId: id }, { id }))
  third!.catch(() => {})
  await first
  await expect(third).rejects.toMatchObject({ id: 'c', status: 400, problem: 'urn:x' })
  await expect.poll(() => clock.pendingTimers).toBe(1)
  await clock.advance(1_000)
  await second
  expect((await stored()).map(({ attributes }) => attributes['ce_id'])).toEqual(['b'])
})

test('a batch that is too large goes one by one', async () => {
  const { client, stored } = await after([answer(413, {})])
  await Promise.all(['a', 'b', 'c'].map((id) => client.publish('order.placed', { orderId: id })))
  expect(await stored()).toHaveLength(3)
})

test.each([
  ['nobody answers', () => Promise.reject(new TypeError('fetch failed'))],
  ['something else answers 202', answer(202, {})],
  ['what comes back is no JSON', () => Promise.resolve(new Response('<html>', { status: 502 }))],
])('when %s until its time is up, the fate is unknown', async (_, wrong) => {
  const { client, clock } = await after(Array.from({ length: 50 }, () => wrong))
  const published = client.publish('order.placed', { orderId: 'o' }, { id: 'a' }).catch((error: unknown) => error)
  let error: unknown
  void published.then((found) => (error = found))
  while (error === undefined) await clock.advance(1_000)
  expect(error).toBeInstanceOf(GatewayUnreachable)
  expect(error).toMatchObject({ id: 'a', retryable: true })
  expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000)
})

test('a request without an answer is given up after its time', async () => {
  const clock = new VirtualClock()
  const hanging: typeof fetch = (_, init) =>
    new Promise((_resolve, reject) =>
      init!.signal!.addEventListener('abort', () => reject(init!.signal!.reason as Error)),
    )
  const client = createClient<Shop>({
    url: 'http://127.0.0.1:1',
    fetch: hanging,
    clock,
    requestTimeoutMs: 500,
    giveUpAfterMs: 400,
  })
  const published = client.publish('order.placed', { orderId: 'o' }).catch((error: unknown) => error)
  await expect.poll(() => clock.pendingTimers).toBe(1)
  await clock.advance(500)
  expect(String(await published)).toContain('no answer within 500 ms')
})

test('waiting events are bounded', async () => {
  const { client } = await after([], { maxPendingEvents: 2 })
  const two = [client.publish('order.placed', { orderId: 'a' }), client.publish('order.placed', { orderId: 'b' })]
  await expect(client.publish('order.placed', { orderId: 'c' })).rejects.toMatchObject({ pendingEvents: 2 })
  await Promise.all(two)
  expect(client.pendingEvents).toBe(0)
})

const till = createKey('till')
const access = {
  keys: { till: { hash: till.hash, rights: [{ verbs: ['publish'], types: ['order.placed'], sources: ['/till/7'] }] } },
} as const

test('credentials are shown, anew for every request where a function gives them', async () => {
  const { url, stored } = await running({ access })
  let asked = 0
  const headers = (): Promise<Record<string, string>> => {
    // At first there are none to be had.
    if (asked++ === 0) return Promise.reject(new Error('the issuer is down'))
    return Promise.resolve({ authorization: `Bearer ${till.key}` })
  }
  const client = createClient<Shop>({ url, source: '/till/7', headers, random: () => 0 })
  await client.publish('order.placed', { orderId: 'o-1' })
  await client.publish('order.placed', { orderId: 'o-2' })
  expect(asked).toBe(3)
  const fixed = createClient<Shop>({ url, source: '/till/7', headers: { 'x-api-key': till.key } })
  await fixed.publish('order.placed', { orderId: 'o-3' })
  expect(await stored()).toHaveLength(3)
})

test('who is not known (401) or may not (403) is told at once, and not tried again', async () => {
  const { url, stored } = await running({ access })
  let requests = 0
  const counting: typeof fetch = (...given) => {
    requests++
    return fetch(...given)
  }
  const options = { url, source: '/till/7', fetch: counting }
  const unknown = createClient<Shop>(options).publish('order.placed', { orderId: 'o' })
  await expect(unknown).rejects.toMatchObject({ status: 401, problem: 'urn:veltrix:problem:not-authenticated' })
  const client = createClient<Shop>({ ...options, headers: { 'x-api-key': till.key } })
  await expect(client.publish('order.exported', { orderId: 'o' })).rejects.toMatchObject({ status: 403 })
  expect(requests).toBe(2)
  expect(await stored()).toEqual([])
})

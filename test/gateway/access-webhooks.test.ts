/** Signed webhooks (Standard Webhooks), with time in the hand. */
import { createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { VirtualClock } from '../../src/testing/index.ts'
import { problemIn, running, structured } from './running.ts'

const secretOf = (): string => `whsec_${randomBytes(32).toString('base64')}`
const [one, two, others] = [secretOf(), secretOf(), secretOf()]
const rights = [{ verbs: ['publish'], types: ['order.placed'], sources: ['/webhooks/payments', '/till/*'] }] as const
const good = '{"orderId":"o-1"}'

function sign(secret: string, id: string, timestamp: number | string, body: string): string {
  const key = Buffer.from(secret.slice(6), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

async function taking(secrets: string | string[] = one) {
  const clock = new VirtualClock()
  const gateway = await running({ access: { webhooks: { payments: { secrets, rights } } }, clock })
  const now = Math.floor(clock.now() / 1_000)
  const send = (
    { id = 'msg_1', timestamp = now as number | string, body = good, secret = one, path = '/events/order.placed' },
    more: Record<string, string> = {},
  ): Promise<Response> =>
    gateway.post(
      path,
      {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': sign(secret, id, timestamp, body),
        ...more,
      },
      body,
    )
  return { ...gateway, clock, now, send }
}

test('the test vector of the specification', async () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const body = '{"test": 2432232314}'
  expect(sign(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, body)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  )
})

test('a signed request is taken: its webhook-id is the id, its own source the source; a repeat is a replay', async () => {
  const { send, stored, clock, now } = await taking()
  const first = await send({}, { 'idempotency-key': 'unsigned' })
  expect([first.status, await first.json()]).toEqual([
    202,
    { id: 'msg_1', source: '/webhooks/payments', type: 'order.placed' },
  ])
  await clock.advance(10_000)
  const again = await send({ timestamp: now + 10 })
  expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true'])
  const other = await send({ body: '{"orderId":"o-2"}' })
  expect(other.status).toBe(422)
  expect(await stored()).toHaveLength(1)
})

test.each<[what: string, request: (now: number) => object, headers?: (now: number) => Record<string, string>]>([
  ['six minutes old', (now) => ({ timestamp: now - 301 })],
  ['six minutes early', (now) => ({ timestamp: now + 301 })],
  ['a moment that is no number', () => ({ timestamp: '1e9' })],
  ['another secret', () => ({ secret: others })],
  ['a changed body', () => ({}), (now) => ({ 'webhook-signature': sign(one, 'msg_1', now, '{"orderId":"o-2"}') })],
  ['a changed id', () => ({}), (now) => ({ 'webhook-signature': sign(one, 'msg_2', now, good) })],
  ['a changed moment', () => ({}), (now) => ({ 'webhook-signature': sign(one, 'msg_1', now - 1, good) })],
  ['an empty signature', () => ({}), () => ({ 'webhook-signature': '' })],
  [
    'a part of the signature',
    () => ({}),
    (now) => ({ 'webhook-signature': sign(one, 'msg_1', now, good).slice(0, 20) }),
  ],
  [
    'another version',
    () => ({}),
    (now) => ({ 'webhook-signature': sign(one, 'msg_1', now, good).replace('v1,', 'v1a,') }),
  ],
  ['no id', () => ({ id: '' })],
  [
    'the right one after too many others',
    () => ({}),
    (now) => ({
      'webhook-signature': `${`${sign(others, 'msg_1', now, good)} `.repeat(8)}${sign(one, 'msg_1', now, good)}`,
    }),
  ],
])('%s is 401', async (_, request, headers) => {
  const { send, stored, now } = await taking()
  const response = await send(request(now), headers?.(now))
  expect([response.status, (await problemIn(response)).detail]).toEqual([
    401,
    'No valid credentials came with the request.',
  ])
  expect(await stored()).toEqual([])
})

test('five minutes old is not too old', async () => {
  const { send, now } = await taking()
  expect((await send({ timestamp: now - 299 })).status).toBe(202)
})

test('a secret is replaced without a gap, on either side', async () => {
  const rotating = await taking([one, two])
  expect((await rotating.send({ id: 'a', secret: one })).status).toBe(202)
  expect((await rotating.send({ id: 'b', secret: two })).status).toBe(202)
  const after = await taking(two)
  expect((await after.send({ id: 'a', secret: one })).status).toBe(401)
  const both = `${sign(one, 'c', after.now, good)} v2,AAAA ${sign(two, 'c', after.now, good)}`
  expect((await after.send({ id: 'c' }, { 'webhook-signature': both })).status).toBe(202)
})

test('what the signature does not cover is not taken: ce- headers, an encoding, another verb', async () => {
  const { send, stored, url, now } = await taking()
  const attributes = { 'ce-specversion': '1.0', 'ce-id': 'x', 'ce-source': '/till/7', 'ce-type': 'order.placed' }
  expect((await send({ path: '/events' }, attributes)).status).toBe(415)
  expect((await send({}, { 'content-encoding': 'identity' })).status).toBe(415)
  const signature = sign(one, 'a', now, '')
  const headers = { 'webhook-id': 'a', 'webhook-timestamp': String(now), 'webhook-signature': signature }
  expect((await fetch(`${url}/events/types`, { headers })).status).toBe(401)
  expect(await stored()).toEqual([])
})

test('structured mode is taken, within the rights', async () => {
  const { send } = await taking()
  const cloudEvent = { 'content-type': 'application/cloudevents+json' }
  const send1 = (event: object): Promise<Response> => send({ path: '/events', body: JSON.stringify(event) }, cloudEvent)
  expect((await send1(structured('x'))).status).toBe(202)
  expect((await send1(structured('x', { source: '/elsewhere' }))).status).toBe(403)
  expect((await send({ path: '/events/order.exported' })).status).toBe(403)
})

test('a body is not read for anybody beyond its limit, nor one without a length', async () => {
  const { raw, send, now } = await taking()
  const head = `POST /events/order.placed HTTP/1.1\r\nhost: a\r\nconnection: close\r\nwebhook-id: a\r\nwebhook-timestamp: ${now}\r\nwebhook-signature: ${sign(one, 'a', now, good)}\r\n`
  expect(await raw(`${head}content-length: 300000\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /)
  expect(await raw(`${head}transfer-encoding: chunked\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
  expect((await send({ body: `{"orderId":"o","note":"${'x'.repeat(60_000)}"}` })).status).toBe(202)
})

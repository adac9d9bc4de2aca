/** Bodies and what is made of them have a room in bytes, of which the most urgent lane has a part to itself. */
import { expect, test } from 'vitest'
import type { GatewayApp } from '../../src/gateway/index.ts'
import { Memory } from '../../src/gateway/memory.ts'
import { binary, problemIn, running, structured } from './running.ts'

const refusal = expect.objectContaining({ problem: 'overloaded' })

test('each urgency has its limit; a request that is larger than the room is let in alone', () => {
  const memory = new Memory(1_000, 0.2)
  const [other, unread, urgent] = [memory.hold('other'), memory.hold('unread'), memory.hold('most-urgent')]
  other.grow(700)
  unread.grow(100)
  expect(() => other.grow(1)).toThrow(refusal)
  unread.grow(100)
  expect(() => unread.grow(1)).toThrow(refusal)
  urgent.grow(100)
  expect(() => urgent.grow(1)).toThrow(refusal)
  expect(memory.bytes).toBe(1_000)
  other.release()
  unread.release()
  urgent.grow(5_000)
  expect(() => memory.hold('most-urgent').grow(1)).toThrow(refusal)
  urgent.release()
  expect(memory.bytes).toBe(0)
})

test('what turns out not to be urgent has only the room of the others', () => {
  const memory = new Memory(1_000, 0.2)
  memory.hold('other').grow(700)
  const [bulk, urgent] = [memory.hold('unread'), memory.hold('unread')]
  bulk.grow(150)
  expect(() => bulk.become('other')).toThrow(refusal)
  bulk.release()
  urgent.grow(150)
  urgent.become('most-urgent')
  urgent.grow(150)
  expect(memory.bytes).toBe(1_000)
})

/** An app whose publishes of bulk events do not end until they are let go; counts those. */
function stuckBulk(): { wrap: (app: GatewayApp) => GatewayApp; release: () => void; stuck: () => number } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let count = 0
  const hold = (): Promise<void> => {
    count++
    return promise
  }
  return {
    release: resolve,
    stuck: () => count,
    wrap: (app) => ({
      config: app.config,
      open: () => app.open(),
      publish: (type, data, options) =>
        (type === 'order.exported' ? hold() : Promise.resolve()).then(() => app.publish(type, data, options)),
      publishMany: (items) => hold().then(() => app.publishMany(items)),
    }),
  }
}

const batch = { 'content-type': 'application/cloudevents-batch+json' }
const cloudEvent = { 'content-type': 'application/cloudevents+json' }

test('a flood of bulk bodies, alone and in batches, is 503 while critical events go on in every mode', async () => {
  const { wrap, release, stuck } = stuckBulk()
  const { post } = await running({ maxInFlightBytes: 170_000, urgentReserve: 0.2 }, wrap)
  const data = { orderId: 'o', note: 'x'.repeat(20_000) }
  const bulk = (id: string): Promise<Response> =>
    post('/events', binary(id, { 'ce-type': 'order.exported' }), JSON.stringify(data))
  const event = (id: string, type: string): Record<string, unknown> => structured(id, { type, data })
  const bulkBatch = (id: string): Promise<Response> =>
    post('/events', batch, JSON.stringify([event(`${id}-1`, 'order.exported'), event(`${id}-2`, 'order.exported')]))
  const waiting: Promise<Response>[] = []
  // Each is told apart from a refusal by its arrival at the app.
  for (const send of [bulk, bulkBatch, bulk, bulkBatch]) {
    waiting.push(send(`w-${waiting.length}`))
    await expect.poll(stuck).toBe(waiting.length)
  }
  // What is not known to be bulk before it is read may be read, and goes no further.
  const one = event('r-3', 'order.exported')
  const refusals = [
    await bulk('r-1'),
    await bulkBatch('r-2'),
    await post('/events', cloudEvent, JSON.stringify(one)),
    await post('/events', batch, JSON.stringify([one])),
  ]
  for (const refused of refusals) {
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    expect((await problemIn(refused)).type).toBe('urn:veltrix:problem:overloaded')
  }
  const urgent = [
    post('/events', binary('u-1'), JSON.stringify(data)),
    post('/events/order.placed', { 'content-type': 'application/json' }, JSON.stringify(data)),
  ]
  for (const each of urgent) expect((await each).status).toBe(202)
  expect((await post('/events', cloudEvent, JSON.stringify(event('u-3', 'order.placed')))).status).toBe(202)
  release()
  for (const each of await Promise.all(waiting)) expect(each.status).toBe(202)
  expect((await bulk('after')).status).toBe(202)
})

test('values count beside their text: many empty objects take more than a text of their length', async () => {
  const { wrap, release, stuck } = stuckBulk()
  const { post } = await running({ maxInFlightBytes: 300_000, urgentReserve: 0 }, wrap)
  const send = (id: string, note: unknown): Promise<Response> =>
    post('/events', binary(id, { 'ce-type': 'order.exported' }), JSON.stringify({ orderId: 'o', note }))
  const objects = Array.from({ length: 3_000 }, () => ({}))
  const first = send('a', objects)
  await expect.poll(stuck).toBe(1)
  expect((await send('b', objects)).status).toBe(503)
  const text = send('c', 'x'.repeat(9_000))
  await expect.poll(stuck).toBe(2)
  release()
  expect([(await first).status, (await text).status]).toEqual([202, 202])
})

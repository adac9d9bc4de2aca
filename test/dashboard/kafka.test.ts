/**
 * The dashboard of an application on a real Kafka cluster that runs elsewhere: brokers, leaders and copies, lag, rates, and dead letters.
 * @module
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createDashboard, type Dashboard } from '../../src/dashboard/index.ts'
import { defineVeltrix, event, Unrecoverable, veltrix } from '../../src/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import { missingKafka } from '../support/kafka-cluster.ts'
import { sharedKafka } from '../support/kafka-shared.ts'
import { requirePart } from '../support/parts.ts'
import { client, until } from './running.ts'

const missing = missingKafka()
const order = z.object({ orderId: z.string(), note: z.string().optional() })
const app = `dash-${process.pid}`
const config = defineVeltrix({
  app,
  lanes: { critical: { weight: 4 }, bulk: { weight: 1 } },
  streams: {
    orders: {
      key: 'orderId',
      partitions: 3,
      events: { 'order.placed': event(order, { lane: 'critical' }), 'order.exported': event(order, { lane: 'bulk' }) },
    },
  },
  subscriptions: { billing: { events: ['order.placed'], retry: { attempts: 1 } } },
})

function newApp(brokers: readonly string[]) {
  return veltrix(config, { transport: kafka({ brokers: brokers.join(',') }) })
}

let runs: ReturnType<typeof newApp> | undefined
let looks: ReturnType<typeof newApp> | undefined
let dashboard: Dashboard | undefined
let asking: ReturnType<typeof client>

beforeAll(async () => {
  if ((await missing) !== undefined) return
  const brokers = await sharedKafka()
  runs = newApp(brokers).handle('billing', 'order.placed', ({ data }) => {
    if (data.note === 'fail') throw new Unrecoverable('no')
  })
  await runs.start()
  looks = newApp(brokers)
  dashboard = createDashboard(looks, { port: 0 })
  const [url, token] = (await dashboard.start()).split('/#token=') as [string, string]
  asking = client(url, token)
}, 180_000)
afterAll(async () => {
  await dashboard?.close()
  await looks?.stop()
  await runs?.stop()
})
beforeEach(({ skip }) => requirePart({ skip }, 'Kafka', () => missing))

test('brokers, leaders and copies that are in sync', async () => {
  const { brokers, topics } = await asking.json('/api/topics')
  expect(brokers).toHaveLength(3)
  expect(brokers.filter(({ controller }: any) => controller)).toHaveLength(1)
  expect(brokers.every(({ address }: any) => /^[\w.-]+:\d+$/.test(address))).toBe(true)
  const ids = brokers.map(({ id }: any) => id)
  const critical = topics.find(({ name }: any) => name === `${app}.orders.critical`)
  expect(critical.partitions).toHaveLength(3)
  for (const { leader, replicas, inSync } of critical.partitions) {
    expect(ids).toContain(leader)
    expect(replicas).toContain(leader)
    expect(inSync).toContain(leader)
    expect(ids).toEqual(expect.arrayContaining(replicas))
  }
  expect(topics.every(({ name }: any) => name.startsWith(`${app}.`))).toBe(true)
})

test(
  'what another process handles is seen by positions: rates, lag, members, dead letters',
  { timeout: 90_000 },
  async () => {
    const publish = (note: string, at: number) => runs!.publish('order.placed', { orderId: `o-${at}`, note })
    let handled = 0
    let published = 0
    let last: any
    let isSent = false
    for await (const { event: name, data } of asking.stream('/api/live')) {
      if (name !== 'second') continue
      // Rates are told from one look at the log to the next: the first must have been.
      if (!isSent && data.lanes.critical.lag !== null) {
        isSent = true
        await Promise.all(Array.from({ length: 60 }, (_, at) => publish(at === 7 ? 'fail' : 'fine', at)))
      }
      last = data
      published += data.lanes.critical.published
      handled += data.subscriptions.billing.handled
      if (published > 0 && handled > 0 && data.subscriptions.billing.deadLetters === 1) break
    }
    expect(last.lanes.critical).toMatchObject({ p50Ms: null, p99Ms: null, dead: null, retries: null })
    expect(last.subscriptions.billing).toMatchObject({ running: null, breaker: null, paused: null })
    const groups = await until(async () => {
      const found = (await asking.json('/api/topics')).groups
      return found[0].partitions.length === 6 && found[0].partitions.every(({ lag }: any) => lag === 0) && found
    })
    expect(groups[0]).toMatchObject({ group: `${app}.billing`, subscription: 'billing' })
    expect(groups[0].members.reduce((sum: number, { partitions }: any) => sum + partitions, 0)).toBe(6)
    const { letters } = await asking.json('/api/dead/billing')
    expect(letters).toMatchObject([{ key: 'o-7', reason: 'unrecoverable' }])
    const view = await asking.json(`/api/events/${letters[0].id}`)
    expect(view.story.at(-1)).toMatchObject({ step: 'dead', subscription: 'billing' })
    expect((await asking.post('/api/subscriptions/billing/pause')).status).toBe(409)
  },
)

test('the tail follows a cluster', async () => {
  let seen = 0
  for await (const { event: name, data } of asking.stream('/api/tail?last=0&key=tail-1')) {
    if (name !== 'events') continue
    if (seen === 0 && data.events.length === 0) await looks!.publish('order.exported', { orderId: 'tail-1' })
    seen += data.events.length
    if (seen > 0) {
      expect(data.events[0]).toMatchObject({ key: 'tail-1', lane: 'bulk' })
      break
    }
  }
  expect(seen).toBe(1)
})

/**
 * The figures of one second, exactly.
 * @module
 */
import { expect, onTestFinished, test } from 'vitest'
import { channelOf, type EventNote } from '../../src/channels.ts'
import { compile } from '../../src/config/index.ts'
import { Counters } from '../../src/dashboard/live/counters.ts'
import { secondOf } from '../../src/dashboard/live/second.ts'
import { shop } from './running.ts'

const config = compile(shop)
const letters = { unresolved: () => 3, parkedKeys: () => 1 } as never

const note: EventNote = {
  subscription: 'billing',
  type: 'order.placed',
  id: 'e-1',
  key: 'o-1',
  lane: 'critical',
  stream: 'orders',
  topic: 'shop.orders.critical',
  partition: 0,
  offset: 0,
}

function counting(): Counters {
  const counters = new Counters(config)
  counters.listen()
  onTestFinished(() => counters.close())
  return counters
}

const status = [
  { subscription: 'billing', running: 2, waitingKeys: 4, parkedKeys: 1, breaker: 'open', lanes: [{ paused: true }] },
  { subscription: 'archive', running: 0, waitingKeys: 0, parkedKeys: 0, breaker: 'closed', lanes: [{ paused: false }] },
] as never

test('what the channels tell is rates, by lane, subscription and way', () => {
  const counters = counting()
  channelOf('veltrix:publisher:acked').publish({
    lane: 'critical',
    stream: 'orders',
    events: 10,
    bytes: 1,
    durationMs: 1,
  })
  for (let at = 1; at <= 100; at++) channelOf('veltrix:worker:started').publish({ ...note, attempt: 1, waitedMs: at })
  // How long a repeated attempt waited says nothing about the lane.
  channelOf('veltrix:worker:started').publish({ ...note, attempt: 2, waitedMs: 60_000 })
  for (let at = 0; at < 6; at++)
    channelOf('veltrix:worker:handled').publish({ ...note, attempt: 1, durationMs: 1, totalMs: 2 })
  channelOf('veltrix:worker:handled').publish({
    ...note,
    subscription: 'archive',
    attempt: 1,
    durationMs: 1,
    totalMs: 2,
  })
  channelOf('veltrix:worker:retry').publish({ ...note, attempt: 1, delayMs: 1, error: new Error('no') })
  channelOf('veltrix:worker:dead').publish({ ...note, attempt: 1, reason: 'crashed', error: new Error('no') })
  channelOf('veltrix:gateway:answered').publish({
    method: 'POST',
    route: '/events',
    code: 202,
    lane: 'critical',
    durationMs: 1,
  })
  const second = secondOf({ at: 5_000, seconds: 2, config, counters, numbers: {}, letters, status })
  expect(second.lanes['critical']).toEqual({
    published: 5,
    handled: 3.5,
    p50Ms: expect.closeTo(50, 0) as number,
    p99Ms: expect.closeTo(99, 0) as number,
    lag: null,
    lagSeconds: null,
    deliveryRate: null,
    dead: 0.5,
    retries: 0.5,
  })
  expect(second.subscriptions['billing']).toEqual({
    handled: 3,
    retries: 0.5,
    running: 2,
    waitingKeys: 4,
    parkedKeys: 1,
    lag: null,
    lagSeconds: null,
    deadLetters: 3,
    breaker: 'open',
    paused: true,
  })
  expect(second.flows).toContainEqual({ stream: 'orders', lane: 'critical', subscription: null, perSecond: 5 })
  expect(second.flows).toContainEqual({ stream: 'orders', lane: 'critical', subscription: 'archive', perSecond: 0.5 })
  expect(second.gateway).toEqual({ 202: 1 })
  counters.clear()
  const next = secondOf({ at: 6_000, seconds: 1, config, counters, numbers: {}, letters, status })
  expect(next.lanes['critical']).toMatchObject({ published: 0, handled: 0, p50Ms: null, dead: 0, retries: 0 })
  expect(next.gateway).toEqual({})
})

test('what another application tells in this process is not counted', () => {
  const counters = counting()
  channelOf('veltrix:publisher:acked').publish({
    lane: 'critical',
    stream: 'others',
    events: 9,
    bytes: 1,
    durationMs: 1,
  })
  channelOf('veltrix:worker:handled').publish({
    ...note,
    topic: 'other.orders.critical',
    attempt: 1,
    durationMs: 1,
    totalMs: 1,
  })
  channelOf('veltrix:worker:retry').publish({
    ...note,
    subscription: 'other',
    attempt: 1,
    delayMs: 1,
    error: new Error(),
  })
  const { lanes } = secondOf({ at: 0, seconds: 1, config, counters, numbers: {}, letters, status })
  expect(lanes['critical']).toMatchObject({ published: 0, handled: 0, retries: 0 })
})

test('of an application elsewhere only the log is known', () => {
  const rates = new Map([
    ['shop.orders.critical', 12.345],
    ['shop.orders.critical\nbilling', 11],
  ])
  const row = { committed: 1, end: 3, partitions: 1, members: [] }
  const lanes = [
    { ...row, subscription: 'billing', lane: 'critical', lag: 2, lagSeconds: 4 },
    { ...row, subscription: 'archive', lane: 'critical', lag: 1, lagSeconds: 7.5 },
    { ...row, subscription: 'archive', lane: 'bulk', lag: 5, lagSeconds: null },
  ]
  const numbers = {
    report: { at: 0, partitions: [], lanes },
    rates,
    waitingKeys: new Map([['billing', 2]]),
    deliveries: new Map([['critical', 0.75]]),
  }
  const second = secondOf({ at: 0, seconds: 1, config, counters: counting(), numbers, letters, status: undefined })
  expect(second.lanes).toMatchObject({
    critical: { published: 12.35, handled: 11, p99Ms: null, lag: 3, lagSeconds: 7.5, deliveryRate: 0.75, dead: null },
    bulk: { lag: 5, lagSeconds: null, deliveryRate: null },
  })
  expect(second.subscriptions['billing']).toMatchObject({
    handled: 11,
    waitingKeys: 2,
    running: null,
    breaker: null,
    paused: null,
    retries: null,
    parkedKeys: 1,
    deadLetters: 3,
  })
})

/** What a listener makes of messages, and what the log is asked for. */
import { afterEach, describe, expect, test } from 'vitest'
import { channelOf, type EventNote } from '../../../src/channels.ts'
import { systemClock, type Clock } from '../../../src/clock.ts'
import { compile } from '../../../src/config/index.ts'
import { Metrics, type LabelValues } from '../../../src/telemetry/metrics/index.ts'
import { Value } from '../../../src/telemetry/metrics/series.ts'
import type { Log } from '../../../src/transport/index.ts'
import { exercisedApp, exercisedDefinition } from './exercised.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function listening(options: { clock?: Clock; open?: () => Promise<Log>; failed?: (error: unknown) => void } = {}) {
  const metrics = new Metrics({
    config: compile(exercisedDefinition('/nowhere')),
    clock: options.clock ?? systemClock,
    open: options.open ?? (() => Promise.reject(new Error('no log'))),
    lookEveryMs: options.open ? 60_000 : Infinity,
    failed: options.failed ?? (() => {}),
  })
  metrics.start()
  cleanups.push(() => metrics.stop())
  /** Of a counter or gauge: its values by the labels named. */
  const values = (name: string, ...by: (keyof LabelValues)[]): Record<string, number> => {
    const points = metrics.families().find(({ definition }) => definition.name === name)?.points ?? []
    return Object.fromEntries(
      points.map(({ labels, series }) => [
        by.map((label) => labels[label] ?? '').join(' '),
        series instanceof Value ? series.value : series.count,
      ]),
    )
  }
  return { metrics, values }
}

const note: EventNote = {
  subscription: 'billing',
  type: 'order.placed',
  id: 'id-1',
  key: 'key-1',
  lane: 'urgent',
  stream: 'orders',
  topic: 'shop.orders.urgent',
  partition: 0,
  offset: 7,
}

const state = {
  subscription: 'billing',
  running: 3,
  waitingKeys: 4,
  parkedKeys: 5,
  bufferedEvents: 6,
  breaker: 'open' as const,
  duplicates: 2,
  idConflicts: 1,
  stalls: 0,
  lanes: [{ lane: 'urgent', buffered: 6, granted: 10, running: 3, usedMs: 1500, share: 0.8 }],
}

test('mishaps are counted by what they are', () => {
  const { values } = listening()
  const error = Object.assign(new Error('x'), { name: 'Broken' })
  channelOf('veltrix:worker:stuck').publish({ ...note, forMs: 100 })
  const stall = { offset: 1, lag: 2, forMs: 3, text: '', cause: 'fetch', action: 'fetch' } as const
  channelOf('veltrix:worker:stall').publish({ ...note, ...stall })
  channelOf('veltrix:worker:backpressure').publish({ ...note, reason: 'metadata' })
  channelOf('veltrix:worker:trouble').publish({ subscription: 'billing', doing: 'commit', error })
  channelOf('veltrix:publisher:failed').publish({ lane: 'bulk', stream: 'orders', events: 3, durationMs: 5, error })
  channelOf('veltrix:worker:partitions').publish({ subscription: 'billing', change: 'lost', partitions: [note, note] })
  expect(values('veltrix.handlers.stuck', 'veltrix.lane')).toEqual({ urgent: 1 })
  expect(values('veltrix.stalls', 'veltrix.subscription', 'veltrix.lane', 'veltrix.cause')).toMatchObject({
    'billing urgent fetch': 1,
    'billing urgent commit': 0,
    'billing bulk fetch': 0,
    'reports urgent fetch': 0,
  })
  expect(values('veltrix.pauses', 'veltrix.reason')).toEqual({ metadata: 1 })
  expect(values('veltrix.troubles', 'error.type')).toEqual({ Broken: 1 })
  expect(values('messaging.client.sent.messages', 'veltrix.lane', 'error.type')).toMatchObject({ 'bulk Broken': 3 })
  expect(values('veltrix.rebalanced.partitions', 'veltrix.change')).toEqual({ lost: 2 })
})

test('the state of a subscription, and no state any more when it is silent', () => {
  let nowMs = 0
  const { values } = listening({ clock: { ...systemClock, monotonic: () => nowMs } })
  expect(values('veltrix.keys.waiting')).toEqual({})
  channelOf('veltrix:worker:state').publish(state)
  const lanes = [{ ...state.lanes[0]!, granted: 25, usedMs: 2500 }]
  channelOf('veltrix:worker:state').publish({ ...state, duplicates: 3, lanes })
  const all = {
    'veltrix.keys.waiting': 4,
    'veltrix.keys.parked': 5,
    'veltrix.buffered.events': 6,
    'veltrix.handlers.running': 3,
    'veltrix.scheduler.share': 0.8,
  }
  for (const [name, value] of Object.entries(all)) expect(values(name, 'veltrix.subscription').billing).toBe(value)
  expect(values('veltrix.scheduler.granted', 'veltrix.subscription', 'veltrix.lane')['billing urgent']).toBe(25)
  expect(values('veltrix.scheduler.slot_time', 'veltrix.subscription', 'veltrix.lane')['billing urgent']).toBe(2.5)
  expect(values('veltrix.duplicates', 'veltrix.subscription').billing).toBe(3)
  expect(values('veltrix.breaker.state', 'veltrix.state')).toEqual({ closed: 0, 'half-open': 0, open: 1 })
  nowMs = 10_001
  for (const name of [...Object.keys(all), 'veltrix.breaker.state']) expect(values(name)).toEqual({})
  // What was counted stays.
  expect(values('veltrix.duplicates', 'veltrix.subscription').billing).toBe(3)
})

test('what another application in the process tells is not counted, and makes no label', () => {
  const { metrics, values } = listening()
  const before = metrics.families().map(({ definition, points }) => [definition.name, points.length])
  const other = { ...note, subscription: 'elsewhere', topic: 'other.orders.urgent' }
  const error = new Error('x')
  channelOf('veltrix:worker:started').publish({ ...other, attempt: 1, waitedMs: 1 })
  channelOf('veltrix:worker:handled').publish({ ...other, attempt: 1, durationMs: 1, totalMs: 1 })
  channelOf('veltrix:worker:failed').publish({ ...other, attempt: 1, durationMs: 1, error })
  channelOf('veltrix:worker:retry').publish({ ...other, attempt: 1, delayMs: 1, error })
  channelOf('veltrix:worker:dead').publish({ ...other, attempt: 1, reason: 'crashed', error })
  channelOf('veltrix:worker:parked').publish(other)
  channelOf('veltrix:worker:stuck').publish({ ...other, forMs: 1 })
  channelOf('veltrix:worker:state').publish({ ...state, subscription: 'elsewhere' })
  channelOf('veltrix:worker:trouble').publish({ subscription: 'elsewhere', doing: 'x', error })
  channelOf('veltrix:publisher:acked').publish({ lane: 'fast', stream: 'things', events: 1, bytes: 1, durationMs: 1 })
  channelOf('veltrix:publisher:failed').publish({ lane: 'fast', stream: 'things', events: 1, durationMs: 1, error })
  expect(metrics.families().map(({ definition, points }) => [definition.name, points.length])).toEqual(before)
  expect(Object.values(values('messaging.client.consumed.messages', 'veltrix.lane')).every((n) => n === 0)).toBe(true)
})

test('whatever is thrown, an error makes at most 41 series of a place', () => {
  const { values } = listening()
  for (let n = 0; n < 500; n++) {
    const error = Object.assign(new Error('x'), { name: `Order${n}Failed` })
    channelOf('veltrix:worker:retry').publish({ ...note, attempt: 1, delayMs: 1, error })
  }
  const counted = values('veltrix.retries', 'error.type')
  expect(Object.keys(counted)).toHaveLength(41)
  expect(counted['_OTHER']).toBe(460)
})

test('after stop nothing is heard any more: telling costs one check again', () => {
  const { metrics } = listening()
  expect(channelOf('veltrix:worker:handled').hasSubscribers).toBe(true)
  metrics.stop()
  for (const name of ['veltrix:worker:started', 'veltrix:worker:handled', 'veltrix:gateway:answered'] as const)
    expect(channelOf(name).hasSubscribers).toBe(false)
})

describe('of the log', () => {
  test('lag in both forms, and the letters nobody resolved; nothing of it where the log cannot be read', async () => {
    const { app, remove } = await exercisedApp()
    cleanups.push(remove)
    let isAway = false
    const failures: unknown[] = []
    const { metrics, values } = listening({
      open: async () => {
        const log = await app.open()
        return new Proxy(log, {
          get(target, name) {
            if (name === 'admin' && isAway) throw new Error('away')
            const value: unknown = Reflect.get(target, name, target)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
      },
      failed: (error) => failures.push(error),
    })
    await app.publish('order.placed', { orderId: 'o-1', fate: 'good' })
    await app.publish('order.placed', { orderId: 'o-2', fate: 'good' })
    await metrics.look()
    const by = ['veltrix.subscription', 'veltrix.lane'] as const
    expect(values('veltrix.lag.events', ...by)).toEqual({
      'billing urgent': 2,
      'billing bulk': 0,
      'reports urgent': 2,
      'reports bulk': 0,
    })
    const ages = values('veltrix.lag.age', ...by)
    expect(ages['billing urgent']).toBeGreaterThan(0)
    expect(ages['billing bulk']).toBe(0)
    expect(values('veltrix.dead_letters.unresolved', 'veltrix.subscription')).toEqual({ billing: 0, reports: 0 })
    isAway = true
    await metrics.look()
    // One, or two when its own look came meanwhile.
    expect(new Set(failures.map(String))).toEqual(new Set(['Error: away']))
    for (const name of ['veltrix.lag.events', 'veltrix.lag.age', 'veltrix.dead_letters.unresolved'])
      expect(values(name)).toEqual({})
    isAway = false
    await metrics.look()
    expect(values('veltrix.lag.events', ...by)['billing urgent']).toBe(2)
  })
})

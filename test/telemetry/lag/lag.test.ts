import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defineVeltrix, event, veltrix, type App } from '../../../src/index.ts'
import { embedded } from '../../../src/transport/embedded/index.ts'
import { LagReader } from '../../../src/telemetry/lag/index.ts'
import { systemClock, type Clock } from '../../../src/clock.ts'
import type { Log, ReadRequest } from '../../../src/transport/index.ts'
import { z } from 'zod'

const definition = defineVeltrix({
  app: 'lagging',
  lanes: { urgent: { weight: 3 }, bulk: { weight: 1 } },
  streams: {
    orders: {
      key: 'orderId',
      partitions: 4,
      events: {
        'order.placed': event(z.object({ orderId: z.string() }), { lane: 'urgent' }),
        'order.exported': event(z.object({ orderId: z.string() }), { lane: 'bulk' }),
      },
    },
  },
  subscriptions: { billing: { events: ['order.placed', 'order.exported'] }, late: { events: ['order.placed'] } },
})

let directory: string
let nowMs: number
let clock: Clock
let app: App<typeof definition>
let log: Log
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'veltrix-lag-'))
  nowMs = Date.parse('2026-03-01T12:00:00Z')
  clock = { ...systemClock, now: () => nowMs }
  app = veltrix(definition, { transport: embedded({ directory, durability: 'none' }), clock })
  log = await app.open()
})
afterEach(async () => {
  await app.stop()
  await rm(directory, { recursive: true, force: true })
})

/** The log, with what is read from it counted. */
function counted(): { log: Log; reads: ReadRequest[] } {
  const reads: ReadRequest[] = []
  const watched = new Proxy(log, {
    get(target, name) {
      if (name === 'read') return (from: ReadRequest) => (reads.push(from), target.read(from))
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { log: watched, reads }
}

const lanesBy = (report: Awaited<ReturnType<LagReader['read']>>): Record<string, [number, number | null]> =>
  Object.fromEntries(report.lanes.map((row) => [`${row.subscription}/${row.lane}`, [row.lag, row.lagSeconds]]))

test('a lane is as late as its oldest record that is not done, and not late when nothing waits', async () => {
  const reader = new LagReader({ log, config: app.config, clock })
  await app.publish('order.placed', { orderId: 'o-1' })
  nowMs += 30_000
  await app.publish('order.placed', { orderId: 'o-1' })
  await app.publish('order.placed', { orderId: 'o-1' })
  nowMs += 12_000
  expect(lanesBy(await reader.read())).toEqual({
    'billing/urgent': [3, 42],
    'billing/bulk': [0, 0],
    'late/urgent': [3, 42],
    'late/bulk': [0, 0],
  })
  // One is done: the next one is the oldest now.
  const { promise: given, resolve: assigned } = Promise.withResolvers<unknown>()
  const consumer = await log.consume({
    group: 'lagging.billing',
    topics: ['lagging.orders.urgent'],
    listener: { assigned, revoked: async () => {}, lost: () => {}, failed: () => {} },
  })
  await given
  const { partition } = (await reader.read()).partitions.find((row) => row.lag > 0)!
  const place = { topic: 'lagging.orders.urgent', partition }
  await consumer.commit([{ ...place, offset: 1, metadata: new Uint8Array() }])
  const report = await reader.read()
  expect(lanesBy(report)).toMatchObject({ 'billing/urgent': [2, 12], 'late/urgent': [3, 42] })
  expect(report.partitions.find((row) => row.subscription === 'billing' && row.lag > 0)).toMatchObject({
    ...place,
    committed: 1,
    next: 1,
    end: 3,
    lagSeconds: 12,
    member: expect.stringContaining('lagging@'),
  })
  await consumer.commit([{ ...place, offset: 3, metadata: new Uint8Array() }])
  expect(lanesBy(await reader.read())).toMatchObject({ 'billing/urgent': [0, 0] })
  await consumer.close()
})

test('one record is read of each partition that moved, and none of the others', async () => {
  const watched = counted()
  const reader = new LagReader({ log: watched.log, config: app.config, clock })
  await reader.read()
  expect(watched.reads).toEqual([])
  for (let n = 0; n < 200; n++) await app.publish('order.placed', { orderId: `o-${n}` })
  const first = await reader.read()
  // Two subscriptions stand at the same offsets.
  expect(first.partitions.filter((row) => row.lag > 0)).toHaveLength(8)
  expect(watched.reads.map(({ partition, offset }) => [partition, offset]).toSorted()).toEqual([
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 0],
  ])
  nowMs += 5_000
  expect(lanesBy(await reader.read())['late/urgent']).toEqual([200, 5])
  expect(watched.reads).toHaveLength(4)
})

test('more partitions than may be read in one look take their turn', async () => {
  const watched = counted()
  const reader = new LagReader({ log: watched.log, config: app.config, clock, maxReads: 3 })
  for (let n = 0; n < 200; n++) await app.publish('order.placed', { orderId: `o-${n}` })
  const unknown = async (): Promise<number> =>
    (await reader.read()).partitions.filter((row) => row.lagSeconds === null).length
  expect([await unknown(), await unknown(), await unknown(), await unknown()]).toEqual([5, 2, 0, 0])
})

test('a partition that cannot be read has no age, and the others have', async () => {
  for (let n = 0; n < 200; n++) await app.publish('order.placed', { orderId: `o-${n}` })
  nowMs += 7_000
  const broken = new Proxy(log, {
    get(target, name) {
      if (name === 'read')
        return (from: ReadRequest) => (from.partition === 2 ? Promise.reject(new Error('damaged')) : target.read(from))
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const report = await new LagReader({ log: broken, config: app.config, clock }).read()
  const late = report.partitions.filter(({ subscription, lane }) => subscription === 'late' && lane === 'urgent')
  expect(late.map(({ lagSeconds }) => lagSeconds === null)).toEqual([false, false, true, false])
  expect(report.lanes.find(({ subscription }) => subscription === 'late')!.lagSeconds).toBe(7)
})

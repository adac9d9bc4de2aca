/** Subscriptions with `exactlyOnce`: what handlers publish is stored with the commit of their event, and with nothing else. @module */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineVeltrix, event, Unrecoverable, veltrix, type Definition } from '../../src/index.ts'
import { testApp, type TestApp } from '../../src/testing/index.ts'
import { PartitionWork } from '../../src/worker/partition-work.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { readAll, text } from '../conformance/harness.ts'
import { advancing, kept } from './steps.ts'

const number = z.object({ key: z.string(), n: z.number() })

function pipe(subscription: object = {}) {
  return defineVeltrix({
    app: 'pipe',
    lanes: { normal: {} },
    streams: {
      in: { key: 'key', partitions: 2, events: { step: event(number) } },
      out: {
        key: 'key',
        partitions: 1,
        events: { made: event(number), late: event(number.refine(async () => true)) },
      },
    },
    subscriptions: { sub: { events: ['step'], exactlyOnce: true, ...subscription } as { events: ['step'] } },
  })
}

/** What is stored of the output by now. */
async function made(test: TestApp<any>): Promise<string[]> {
  const log = await test.app.open()
  const all = await readAll(log, 'pipe.out.normal')
  return all.map((entry) => {
    const { key, n } = JSON.parse(text(entry.value)!) as { key: string; n: number }
    return `${key}${n}`
  })
}

/** Lets time pass until so many are stored, and gives them. */
async function untilMade(test: TestApp<any>, count: number): Promise<string[]> {
  for (;;) {
    const stored = await made(test)
    if (stored.length >= count) return stored
    test.clock.advance(20)
    await test.clock.yield()
  }
}

describe('what a handler publishes', () => {
  it('is stored once it has succeeded, and what failed attempts published is not', async () => {
    const app = veltrix(pipe({ retry: { attempts: 3, backoff: '1ms..2ms' } })).handle(
      'sub',
      'step',
      async (step, ctx) => {
        const { key, n } = step.data
        expect(await ctx.publish('made', { key, n: 10 * n })).toMatchObject({
          topic: 'pipe.out.normal',
          offset: -1,
          staged: true,
        })
        if (ctx.attempt < 3) throw new Error('after publishing')
        await ctx.publish('made', { key, n: 10 * n + 1 })
      },
    )
    await using test = await testApp(app)
    await test.app.publish('step', { key: 'a', n: 1 })
    await test.app.publish('step', { key: 'a', n: 2 })
    expect(await untilMade(test, 4)).toEqual(['a10', 'a11', 'a20', 'a21'])
    expect(test.outcomes.map(({ attempt }) => attempt)).toEqual([3, 3])
  })

  it('is refused at the call when it is wrong, and carries its cause', async () => {
    const told: unknown[] = []
    const app = veltrix(pipe()).handle('sub', 'step', async (_, ctx) => {
      await ctx.publish('made', { key: 'a', n: 'x' } as never).catch((error: { code: string }) => told.push(error.code))
      await ctx.publish('nothing' as never, {} as never).catch((error: { code: string }) => told.push(error.code))
      await ctx.publish('made', { key: 'a', n: 1 })
    })
    await using test = await testApp(app)
    const { id } = await test.app.publish('step', { key: 'a', n: 1 })
    await untilMade(test, 1)
    expect(told).toEqual(['VLX_EVENT_INVALID', 'VLX_EVENT_UNKNOWN_TYPE'])
    const [record] = await readAll(await test.app.open(), 'pipe.out.normal')
    expect(record!.headers.text('ce_causationid')).toBe(id)
  })

  it('after it has returned is refused; what is being checked then fails the attempt', async () => {
    let late: ((n: number) => Promise<unknown>) | undefined
    const app = veltrix(pipe({ retry: { attempts: 2, backoff: '1ms..2ms' } })).handle('sub', 'step', (step, ctx) => {
      late = (n) => ctx.publish('made', { key: 'a', n })
      if (ctx.attempt === 1) void ctx.publish('late', step.data).catch(() => {})
      else if (step.data.n === 2) void ctx.publish('made', step.data)
    })
    await using test = await testApp(app)
    await test.app.publish('step', { key: 'a', n: 1 })
    await advancing(test as TestApp<any>, 20, test.handled('step'))
    expect(test.outcomes[0]).toMatchObject({ attempt: 2 })
    await expect(late!(7)).rejects.toMatchObject({ code: 'VLX_HANDLER_ENDED' })
    await test.app.publish('step', { key: 'a', n: 2 })
    expect(await untilMade(test, 1)).toEqual(['a2'])
  })

  it('in a batch is stored for those events that are done', async () => {
    const config = pipe({ retry: { attempts: 1 }, batch: { maxEvents: 3, maxWait: '50ms' } })
    const app = veltrix(config).handleBatch('sub', 'step', async (steps, batch) => {
      for (const [index, { data }] of steps.entries()) await batch.events[index]!.publish('made', data)
      return steps.map(({ data }) => (data.key === 'b' ? new Unrecoverable('not b') : undefined))
    })
    await using test = await testApp(app)
    await test.app.publishMany(['a', 'b', 'c'].map((key) => ({ type: 'step', data: { key, n: 1 } })))
    expect((await untilMade(test, 2)).toSorted()).toEqual(['a1', 'c1'])
    await kept(test, 1)
  })

  it('in a redrive is stored with the end of the letter', async () => {
    let broken = true
    const app = veltrix(pipe({ retry: { attempts: 1 } })).handle('sub', 'step', async ({ data }, ctx) => {
      await ctx.publish('made', data)
      if (broken) throw new Error('not yet')
    })
    await using test = await testApp(app)
    await test.app.publish('step', { key: 'a', n: 1 })
    const letters = await kept(test, 1)
    expect(await made(test)).toEqual([])
    broken = false
    await letters.redrive('sub', { all: true })
    expect(await untilMade(test, 1)).toEqual(['a1'])
    expect((await letters.list('sub')).letters).toEqual([])
  })
})

it('a log without transactions is refused at the start', async () => {
  const inner = embedded({ directory: ':none:' })
  const transport = { ...inner, features: { ...inner.features, transactions: false } }
  const app = veltrix(pipe() as Definition<any>, {
    transport: {
      ...transport,
      open: async () =>
        ({ features: transport.features, admin: { createTopics: async () => {} }, close: async () => {} }) as never,
    },
  }).handle('sub', 'step', () => {})
  await expect(app.start()).rejects.toMatchObject({ code: 'VLX_EXACTLY_ONCE_UNSUPPORTED', subscription: 'sub' })
})

it('a partition that has not read up to what was done commits what was stored, with what a letter published', () => {
  const before = new PartitionWork(
    { topic: 't', partition: 0, committedOffset: 0, metadata: new Uint8Array() },
    { stream: 's', lane: 0 },
    { maxAheadRecords: 100, maxMetadataBytes: 4096 },
  )
  before.reservedStored = 100
  const record = (offset: number) => ({
    offset,
    timestamp: 0,
    key: null,
    value: null,
    headers: new Map() as never,
    bytes: 1,
  })
  before.admit(record(0), 'a')
  before.admit(record(1), 'b')
  before.take()
  before.complete(before.take())
  const { offset, metadata } = before.snapshot()
  const work = new PartitionWork(
    { topic: 't', partition: 0, committedOffset: offset, metadata },
    { stream: 's', lane: 0 },
    { maxAheadRecords: 100, maxMetadataBytes: 4096 },
  )
  expect(work.recovered).toBe(false)
  expect(work.commitsNext).toBe(false)
  work.staged.add([{ topic: 'out', partition: 0, key: null, value: null, headers: [], timestamp: 0 }])
  expect(work.commitsNext).toBe(true)
  expect(work.snapshot()).toEqual({ offset, metadata, reserved: 0 })
})

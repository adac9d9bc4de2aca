/** What publishing puts on events, and the spans it makes; and that nothing is done where nobody listens. @module */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { AlwaysOffSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { channelOf, type ChannelName } from '../../../src/channels.ts'
import { defineVeltrix, event, veltrix } from '../../../src/index.ts'
import { testApp } from '../../../src/testing/index.ts'
import { storedOn } from '../../gateway/running.ts'
import {
  activeSpan,
  childOf,
  idOf,
  inSpan,
  linksOf,
  parentOf,
  remote,
  shop,
  traced,
  traceOf,
  traceparent,
  withContextManager,
} from './traced.ts'

withContextManager()

const send = 'send shop.orders.standard'
const create = 'create shop.orders.standard'
const process = 'process shop.orders.standard'

test('an event carries the span it was sent in, which is a child of what was active', async () => {
  const { span, tracer } = traced()
  await using running = await testApp(veltrix(shop()))
  const outer = tracer.startSpan('outer')
  await inSpan(outer, () => running.app.publish('order.placed', { orderId: 'o-1' }))
  const [stored] = await storedOn(running.app)
  const { traceId, spanId } = span(send).spanContext()
  expect(stored!.attributes['ce_traceparent']).toBe(`00-${traceId}-${spanId}-01`)
  expect(stored!.attributes).not.toHaveProperty('ce_tracestate')
  expect([traceId, parentOf(span(send))]).toEqual([outer.spanContext().traceId, outer.spanContext().spanId])
})

test('what its publisher put on an event stays; the send links to it, and is in its trace when nothing else is active', async () => {
  const { named, span, ended, tracer } = traced()
  const app = veltrix(shop()).handle('billing', 'order.placed', () => {})
  await using running = await testApp(app)
  const options = { extensions: { traceparent, tracestate: 'vendor=1' } }
  await running.app.publish('order.placed', { orderId: 'o-1' }, options)
  const [stored] = await storedOn(running.app)
  expect(stored!.attributes).toMatchObject({ ce_traceparent: traceparent, ce_tracestate: 'vendor=1' })
  await ended(process)
  expect([span(send), span(process)].map(traceOf)).toEqual([remote.traceId, remote.traceId])
  expect([span(send).kind, linksOf(span(send))]).toEqual([SpanKind.CLIENT, [['creation', remote.spanId]]])
  expect(parentOf(span(process))).toBe(remote.spanId)
  const outer = tracer.startSpan('outer')
  await inSpan(outer, () => running.app.publish('order.placed', { orderId: 'o-1' }, options))
  await ended(process, 2)
  expect(traceOf(named(send)[1]!)).toBe(outer.spanContext().traceId)
  expect(traceOf(named(process)[1]!)).toBe(remote.traceId)
})

test.each(['', 'gibberish', `00-${'0'.repeat(32)}-${remote.spanId}-01`])(
  'the made-up trace %j stays what it is, and is nobody’s parent',
  async (forged) => {
    const { span, ended, tracer } = traced()
    const app = veltrix(shop()).handle('billing', 'order.placed', () => {})
    // What the worker was started in is not the parent either.
    await using running = await inSpan(tracer.startSpan('starting'), () => testApp(app))
    await running.app.publish('order.placed', { orderId: 'o-1' }, { extensions: { traceparent: forged } })
    await ended(process)
    const [stored] = await storedOn(running.app)
    expect(stored!.attributes['ce_traceparent']).toBe(forged)
    expect([span(send), span(process)].map(parentOf)).toEqual([undefined, undefined])
    expect([linksOf(span(send)), linksOf(span(process))]).toEqual([[], []])
  },
)

test('publishMany is a send with a create for each event, linked; each event carries its own', async () => {
  const { named, tracer, ended } = traced()
  // Most of them are encoded when others have been answered, called from there.
  const config = shop('shop', { maxBatchEvents: 1 })
  const app = veltrix(config).handle('billing', 'order.placed', () => {})
  await using running = await testApp(app)
  const outer = tracer.startSpan('outer')
  const items = Array.from({ length: 20 }, (_, n) => ({
    type: 'order.placed' as const,
    data: { orderId: `o-${n}`, n },
  }))
  // This one's context is the one that sends, and so answers, all of them.
  const other = inSpan(tracer.startSpan('other'), () => running.app.publish('order.paid', { orderId: 'o-1' }))
  await Promise.all([other, inSpan(outer, () => running.app.publishMany(items))])
  await ended(process, 20)
  const sent = named(send).find(({ kind }) => kind === SpanKind.CLIENT)!
  expect(sent.attributes['messaging.batch.message_count']).toBe(20)
  expect([...named(create), sent].map(parentOf)).toEqual(Array(21).fill(outer.spanContext().spanId))
  expect(linksOf(sent)).toEqual(named(create).map((each) => ['creation', idOf(each)]))
  for (const each of named(create)) childOf(each, named(process))
})

test('without create spans all of publishMany carry the send', async () => {
  const { span, named, ended } = traced({ createSpans: false })
  const app = veltrix(shop()).handle('billing', 'order.placed', () => {})
  await using running = await testApp(app)
  const given = { type: 'order.placed' as const, data: { orderId: 'b' }, extensions: { traceparent } }
  await running.app.publishMany([{ type: 'order.placed', data: { orderId: 'a' } }, given])
  await ended(process, 2)
  expect(named(create)).toEqual([])
  expect([span(send).kind, linksOf(span(send))]).toEqual([SpanKind.PRODUCER, [['creation', remote.spanId]]])
  expect(new Set(named(process).map(parentOf))).toEqual(new Set([idOf(span(send)), remote.spanId]))
})

test('a publish that fails ends its span with the error; of many it is said how many', async () => {
  const { span } = traced()
  await using running = await testApp(veltrix(shop()))
  const tooLong = { key: 'x'.repeat(2_000) }
  await expect(running.app.publish('order.placed', { orderId: 'o-1' }, tooLong)).rejects.toMatchObject({
    code: 'VLX_EVENT_INVALID',
  })
  expect(span(send)).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'VLX_EVENT_INVALID' },
  })
  await running.app.publishMany([
    { type: 'order.nothing' as never, data: {} as never },
    { type: 'order.nothing' as never, data: {} as never },
  ])
  expect(span('send')).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'VLX_EVENT_UNKNOWN_TYPE', 'veltrix.failed_events': 2 },
  })
})

test('a repeated id is told', async () => {
  const { named } = traced()
  await using running = await testApp(veltrix(shop()))
  for (let n = 0; n < 2; n++) await running.app.publish('order.placed', { orderId: 'o-1' }, { id: 'one' })
  expect(named(send).map(({ attributes }) => attributes['veltrix.duplicate'])).toEqual([undefined, true])
})

test('what an exactly-once subscription publishes is created in its handler', async () => {
  const step = event(z.object({ key: z.string() }))
  const pipe = defineVeltrix({
    app: 'pipe',
    streams: {
      in: { key: 'key', partitions: 1, events: { 'pipe.in': step } },
      out: { key: 'key', partitions: 1, events: { 'pipe.out': step } },
    },
    subscriptions: {
      mover: { events: ['pipe.in'], exactlyOnce: true },
      reader: { events: ['pipe.out'] },
    },
  })
  const { span, ended } = traced()
  const app = veltrix(pipe)
    .handle('mover', 'pipe.in', async ({ data }, ctx) => void (await ctx.publish('pipe.out', data)))
    .handle('reader', 'pipe.out', () => {})
  await using running = await testApp(app)
  await running.app.publish('pipe.in', { key: 'a' })
  await ended('process pipe.out.standard')
  const moved = span('process pipe.in.standard')
  expect(parentOf(span('create pipe.out.standard'))).toBe(idOf(moved))
  expect(parentOf(span('process pipe.out.standard'))).toBe(idOf(span('create pipe.out.standard')))
})

test('what is not sampled is not recorded, and its context goes on all the same', async () => {
  const sampler = new ParentBasedSampler({ root: new AlwaysOffSampler() })
  const { spans } = traced({}, { sampler })
  const seen: unknown[] = []
  const app = veltrix(shop())
    .handle('billing', 'order.placed', async ({ data }, ctx) => {
      seen.push(activeSpan())
      await ctx.publish('order.paid', data)
    })
    .handle('mailer', 'order.paid', () => {})
  await using running = await testApp(app)
  await running.app.publish('order.placed', { orderId: 'o-1' })
  const paid = await running.handled('order.paid')
  const placed = await running.handled('order.placed')
  expect(spans()).toEqual([])
  const [, traceId] = placed.event.extensions['traceparent']!.split('-')
  expect(seen).toMatchObject([{ traceId, traceFlags: 0 }])
  expect(paid.event.extensions['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
})

test('nobody listens: no extension, nothing told; what an event has is carried on by what its handler publishes', async () => {
  const { stop, spans } = traced()
  stop()
  const names: ChannelName[] = [
    'veltrix:publisher:begin',
    'veltrix:publisher:end',
    'veltrix:publisher:beginMany',
    'veltrix:publisher:endMany',
    'veltrix:handler:begin',
    'veltrix:handler:end',
    'veltrix:request:begin',
    'veltrix:request:end',
  ]
  expect(names.filter((name) => channelOf(name).hasSubscribers)).toEqual([])
  const app = veltrix(shop())
    .handle('billing', 'order.placed', async ({ data }, ctx) => {
      const own = data.n === 1 ? { extensions: { traceparent: 'its own' } } : {}
      await ctx.publish('order.paid', data, own)
    })
    .handle('mailer', 'order.paid', () => {})
  await using running = await testApp(app)
  const { id } = await running.app.publish('order.placed', { orderId: 'a' })
  expect((await running.handled('order.paid', { orderId: 'a' })).event.extensions).toEqual({ causationid: id })
  await running.app.publish('order.placed', { orderId: 'b' }, { extensions: { traceparent, tracestate: 'v=1' } })
  const paid = await running.handled('order.paid', { orderId: 'b' })
  expect(paid.event.extensions).toMatchObject({ traceparent, tracestate: 'v=1' })
  await running.app.publish('order.placed', { orderId: 'd', n: 1 }, { extensions: { traceparent } })
  const own = await running.handled('order.paid', { orderId: 'd' })
  expect(own.event.extensions['traceparent']).toBe('its own')
  await running.app.publishMany([{ type: 'order.placed', data: { orderId: 'c' } }])
  expect((await running.handled('order.placed', { orderId: 'c' })).event.extensions).toEqual({})
  expect(spans()).toEqual([])
})

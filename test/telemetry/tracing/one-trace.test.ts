/** One trace from an HTTP request to the handlers it leads to, and what is in it. @module */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { RetryAfter, Unrecoverable, veltrix } from '../../../src/index.ts'
import { testApp } from '../../../src/testing/index.ts'
import { advancing } from '../../worker/steps.ts'
import {
  activeSpan,
  childOf,
  gatewayOf,
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
const process = 'process shop.orders.standard'

test('from a request through publish, handler and what that publishes to the next handler', async () => {
  const { span, spans, named, ended } = traced()
  const app = veltrix(shop())
    .handle('billing', 'order.placed', async ({ data }, ctx) => void (await ctx.publish('order.paid', data)))
    .handle('mailer', 'order.paid', () => {})
  await using running = await testApp(app)
  const { post } = await gatewayOf(running)
  expect((await post({ traceparent, tracestate: 'vendor=1' }, { orderId: 'o-1' })).status).toBe(202)
  await ended(process, 2)
  await ended('POST /events/:type')
  const request = span('POST /events/:type')
  const sent = childOf(request, named(send))
  const placed = childOf(sent, named(process))
  const followUp = childOf(placed, named(send))
  const paid = childOf(followUp, named(process))
  expect(spans()).toHaveLength(5)
  expect(new Set(spans().map(traceOf))).toEqual(new Set([remote.traceId]))
  expect(parentOf(request)).toBe(remote.spanId)
  expect([linksOf(placed), linksOf(paid)]).toEqual([[['creation', idOf(sent)]], [['creation', idOf(followUp)]]])
  expect(paid.spanContext().traceState?.serialize()).toBe('vendor=1')
  await expect(described(spans())).toMatchFileSnapshot('one-trace.txt')
})

/** Names, kinds and the keys of attributes: what dashboards are made of. */
function described(spans: readonly ReadableSpan[]): string {
  const lines = spans.map(({ name, kind, attributes, links }) => {
    const onLinks = links.flatMap((link) => Object.keys(link.attributes ?? {}))
    const keys = [...Object.keys(attributes).toSorted(), ...new Set(onLinks.map((key) => `link: ${key}`))]
    return `${SpanKind[kind]} ${name}\n${keys.map((key) => `  ${key}\n`).join('')}`
  })
  return [...new Set(lines)].toSorted().join('')
}

test('attributes have the values of the event, its place and its attempt', async () => {
  const { span, ended } = traced()
  const app = veltrix(shop()).handle('billing', 'order.placed', () => {})
  await using running = await testApp(app)
  const { id, partition, offset } = await running.app.publish('order.placed', { orderId: 'o-1' }, { subject: 'of o-1' })
  await ended(process)
  const ofBoth = {
    'messaging.system': 'veltrix',
    'messaging.destination.name': 'shop.orders.standard',
    'messaging.destination.partition.id': String(partition),
    'messaging.veltrix.offset': offset,
    'messaging.veltrix.message.key': 'o-1',
    'messaging.message.id': id,
    'cloudevents.event_id': id,
    'cloudevents.event_source': '/shop',
    'cloudevents.event_spec_version': '1.0',
    'cloudevents.event_type': 'order.placed',
    'cloudevents.event_subject': 'of o-1',
    'veltrix.lane': 'standard',
    'veltrix.stream': 'orders',
  }
  expect(span(send).attributes).toEqual({
    ...ofBoth,
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
  })
  expect(span(process).attributes).toEqual({
    ...ofBoth,
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': 'shop.billing',
    'veltrix.subscription': 'billing',
    'veltrix.attempt': 1,
    'veltrix.waited_ms': expect.any(Number),
    'veltrix.outcome': 'handled',
  })
})

test("a handler's own spans are children of its span, and what it publishes in one is that one's", async () => {
  const { span, named, ended, tracer } = traced()
  const app = veltrix(shop())
    .handle('billing', 'order.placed', async ({ data }, ctx) => {
      await Promise.resolve()
      const query = tracer.startSpan('SELECT orders')
      await inSpan(query, () => ctx.publish('order.paid', data))
      query.end()
    })
    .handle('mailer', 'order.paid', () => {})
  await using running = await testApp(app)
  await running.app.publish('order.placed', { orderId: 'o-1' })
  await ended(process, 2)
  const query = span('SELECT orders')
  expect(named(process).map(idOf)).toContain(parentOf(query))
  expect(traceOf(childOf(query, named(send)))).toBe(traceOf(query))
})

test('what a handler publishes from where its context is lost is still its child', async () => {
  const { named, ended } = traced()
  const { promise: outside, resolve: handOut } = Promise.withResolvers<() => Promise<unknown>>()
  const { promise: published, resolve: goOn } = Promise.withResolvers<unknown>()
  const app = veltrix(shop())
    .handle('billing', 'order.placed', async ({ data }, ctx) => {
      handOut(() => ctx.publish('order.paid', data))
      await published
    })
    .handle('mailer', 'order.paid', () => {})
  await using running = await testApp(app)
  await running.app.publish('order.placed', { orderId: 'o-1' })
  const publish = await outside
  expect(activeSpan()).toBeUndefined()
  goOn(await publish())
  await ended(process, 2)
  const placed = named(process).find(({ attributes }) => attributes['cloudevents.event_type'] === 'order.placed')
  expect(named(send).map(parentOf)).toContain(idOf(placed!))
})

test('handlers that run at once have each its own', async () => {
  const { named, ended } = traced()
  const seen = new Map<string, string[]>()
  const { promise: bothRun, resolve } = Promise.withResolvers<void>()
  const app = veltrix(shop()).handle('billing', 'order.placed', async ({ data: { orderId } }) => {
    const spans = [activeSpan()!.spanId]
    seen.set(orderId, spans)
    if (seen.size === 2) resolve()
    await bothRun
    spans.push(activeSpan()!.spanId)
  })
  await using running = await testApp(app)
  await Promise.all(['a', 'b'].map((orderId) => running.app.publish('order.placed', { orderId })))
  await ended(process, 2)
  const byKey = named(process).map((span) => [
    span.attributes['messaging.veltrix.message.key'],
    [idOf(span), idOf(span)],
  ])
  expect(new Map(byKey as never)).toEqual(seen)
  expect(new Set(named(process).map(traceOf)).size).toBe(2)
})

test('each attempt is a span of its own in the same trace, later ones with a link to the first; the last tells of the dead letter', async () => {
  const { span, named, ended } = traced()
  let isMended = false
  const app = veltrix(shop()).handle('billing', 'order.placed', () => {
    if (!isMended) throw new RangeError('no such customer')
  })
  await using running = await testApp(app)
  await running.app.publish('order.placed', { orderId: 'o-1' })
  await advancing(running as never, 5_000, running.dead('order.placed'))
  const [first, second, third] = named(process)
  expect(named(process).map(({ attributes }) => attributes['veltrix.attempt'])).toEqual([1, 2, 3])
  expect(named(process).map(({ attributes }) => attributes['veltrix.outcome'])).toEqual(['retry', 'retry', 'dead'])
  expect(named(process).map(({ attributes }) => attributes['error.type'])).toEqual(Array(3).fill('RangeError'))
  expect(named(process).map(({ status }) => status.code)).toEqual(Array(3).fill(SpanStatusCode.ERROR))
  const creation = ['creation', idOf(span(send))]
  const toFirst = ['first-attempt', idOf(first!)]
  expect([linksOf(first!), linksOf(second!), linksOf(third!)]).toEqual([
    [creation],
    [creation, toFirst],
    [creation, toFirst],
  ])
  const events = named(process).map((each) => each.events.map(({ name }) => name))
  expect(events).toEqual([
    ['veltrix.retry', 'exception'],
    ['veltrix.retry', 'exception'],
    ['veltrix.dead_letter', 'exception'],
  ])
  expect(third!.events[0]!.attributes).toEqual({ 'veltrix.attempt': 3, 'veltrix.dead.reason': 'attempts-exhausted' })
  isMended = true
  const letters = await running.app.deadLetters()
  await letters.redrive('billing', { all: true })
  await ended(process, 4)
  const redriven = named(process)[3]!
  expect(redriven.attributes).toMatchObject({ 'veltrix.redriven': true, 'veltrix.outcome': 'handled' })
  expect(redriven.attributes).not.toHaveProperty('error.type')
  expect([parentOf(redriven), traceOf(redriven)]).toEqual([idOf(span(send)), traceOf(first!)])
})

test('the next attempt in another process has only what the event carries', async () => {
  const { span, named, ended } = traced()
  const app = veltrix(shop()).handle('billing', 'order.placed', (_, { attempt }) => {
    if (attempt === 1) throw new RetryAfter(3_600_000)
  })
  await using first = await testApp(app)
  await first.app.publish('order.placed', { orderId: 'o-1' })
  await ended(process)
  await first.app.stop()
  await using second = await testApp(app, { transport: first.transport })
  await second.handled('order.placed')
  const [, later] = named(process)
  expect([later!.attributes['veltrix.attempt'], traceOf(later!)]).toEqual([2, traceOf(span(send))])
  expect(linksOf(later!)).toEqual([['creation', idOf(span(send))]])
})

test('errors of ours are told by their code', async () => {
  const { span, ended } = traced()
  const app = veltrix(shop()).handle('billing', 'order.placed', () => {
    throw new Unrecoverable('no such customer')
  })
  await using running = await testApp(app)
  await running.app.publish('order.placed', { orderId: 'o-1' })
  await ended(process)
  expect(span(process).attributes['error.type']).toBe('VLX_UNRECOVERABLE')
  expect(span(process).status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such customer' })
})

test('a batch is one span of its own trace with a link to each of its events; its handler and each event that fails are told', async () => {
  const { span, named, ended } = traced()
  let calls = 0
  const app = veltrix(shop()).handleBatch('reports', 'order.reported', (events) => {
    if (++calls > 1) return
    return events.map(({ data }) => (data.orderId === 'b' ? new RangeError('not b') : 'ok'))
  })
  await using running = await testApp(app)
  for (const orderId of ['a', 'b', 'c']) await running.app.publish('order.reported', { orderId })
  await ended(process)
  const batch = span(process)
  expect(parentOf(batch)).toBeUndefined()
  expect(batch.links.map(({ context }) => context.spanId).toSorted()).toEqual(named(send).map(idOf).toSorted())
  expect(batch.attributes).toMatchObject({
    'messaging.batch.message_count': 3,
    'cloudevents.event_type': 'order.reported',
    'error.type': 'RangeError',
  })
  expect(batch.attributes).not.toHaveProperty('messaging.message.id')
  const retried = named(send).find(({ attributes }) => attributes['messaging.veltrix.message.key'] === 'b')!
  const id = retried.attributes['messaging.message.id']
  expect(batch.events[0]).toMatchObject({ name: 'veltrix.retry', attributes: { 'messaging.message.id': id } })
  await advancing(running as never, 30_000, ended(process, 2))
  expect(linksOf(named(process)[1]!)).toEqual([
    ['creation', idOf(retried)],
    ['first-attempt', idOf(batch)],
  ])
})

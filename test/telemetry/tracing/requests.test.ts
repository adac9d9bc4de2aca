/** The trace of HTTP requests: who is believed what, and what spans of requests say. @module */
import { SpanStatusCode } from '@opentelemetry/api'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { veltrix } from '../../../src/index.ts'
import { testApp } from '../../../src/testing/index.ts'
import { storedOn, structured } from '../../gateway/running.ts'
import {
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
const order = { orderId: 'o-1' }
const other = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const batch = { 'content-type': 'application/cloudevents-batch+json' }

const forged = [
  'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
  `${traceparent}-more`,
  `${traceparent}, ${traceparent}`,
]

test.each(forged)('untraced, the made-up header %j is dropped', async (header) => {
  await using running = await testApp(veltrix(shop()))
  const { post } = await gatewayOf(running)
  expect((await post({ traceparent: header, tracestate: 'v=1' }, order)).status).toBe(202)
  const [stored] = await storedOn(running.app)
  expect(stored!.attributes).not.toHaveProperty('ce_traceparent')
  expect(stored!.attributes).not.toHaveProperty('ce_tracestate')
})

test.each(forged)('traced, the made-up header %j begins a trace of its own', async (header) => {
  const { span, ended } = traced()
  await using running = await testApp(veltrix(shop()))
  const { post } = await gatewayOf(running)
  expect((await post({ traceparent: header }, order)).status).toBe(202)
  await ended('POST /events/:type')
  expect([parentOf(span('POST /events/:type')), linksOf(span('POST /events/:type'))]).toEqual([undefined, []])
})

test('untraced, valid headers become the extension of events that have none; a broken tracestate is left out', async () => {
  await using running = await testApp(veltrix(shop()))
  const { post } = await gatewayOf(running)
  const placed = (id: string, more: object = {}) => structured(id, { source: '/till', data: order, ...more })
  await post({ traceparent, tracestate: 'a=1, b=2' }, order)
  const events = [placed('b'), placed('c', { traceparent: other })]
  await post({ ...batch, traceparent, tracestate: 'broken' }, events, '/events')
  const stored = await storedOn(running.app)
  const carried = stored.map(({ attributes }) => `${attributes['ce_traceparent']} ${attributes['ce_tracestate']}`)
  const expected = [`${traceparent} a=1,b=2`, `${traceparent} undefined`, `${other} undefined`]
  expect(carried.toSorted()).toEqual(expected.toSorted())
})

test('the extension of an event wins over the header of its request, and the send links to it', async () => {
  const { span, ended } = traced()
  await using running = await testApp(veltrix(shop()))
  const { post } = await gatewayOf(running)
  const headers = { 'ce-specversion': '1.0', 'ce-id': 'a', 'ce-source': '/till', 'ce-type': 'order.placed' }
  expect((await post({ ...headers, traceparent, 'ce-traceparent': other }, order, '/events')).status).toBe(202)
  await ended('POST /events')
  const [stored] = await storedOn(running.app)
  expect(stored!.attributes['ce_traceparent']).toBe(other)
  const request = span('POST /events')
  expect([traceOf(request), parentOf(span(send))]).toEqual([remote.traceId, idOf(request)])
  expect(linksOf(span(send))).toEqual([['creation', '00f067aa0ba902b7']])
})

test('a batch over HTTP: the send and each create are children of the request', async () => {
  const { span, named, ended } = traced()
  await using running = await testApp(veltrix(shop()))
  const { post } = await gatewayOf(running)
  const events = ['a', 'b'].map((id) => structured(id, { data: order }))
  expect((await post({ ...batch, traceparent }, events, '/events')).status).toBe(202)
  await ended('POST /events')
  const request = span('POST /events')
  expect([span(send), ...named('create shop.orders.standard')].map(parentOf)).toEqual(Array(3).fill(idOf(request)))
  expect(request.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/events',
    'http.response.status_code': 202,
    'network.protocol.version': '1.1',
    'url.path': '/events',
    'url.scheme': 'http',
  })
})

test('strangers are not believed where that is said: a trace of its own, with a link to theirs', async () => {
  const { span, ended } = traced({ trustCallers: false })
  await using running = await testApp(veltrix(shop()))
  const { post } = await gatewayOf(running)
  await post({ traceparent: `${traceparent.slice(0, -2)}00` }, order)
  await ended('POST /events/:type')
  const request = span('POST /events/:type')
  expect(traceOf(request)).not.toBe(remote.traceId)
  expect([parentOf(request), request.links[0]!.context.spanId]).toEqual([undefined, remote.spanId])
  expect(traceOf(childOf(request, [span(send)]))).toBe(traceOf(request))
})

test('the flag of a caller that does not sample is heeded', async () => {
  const { spans } = traced()
  const app = veltrix(shop()).handle('billing', 'order.placed', () => {})
  await using running = await testApp(app)
  const { post } = await gatewayOf(running)
  await post({ traceparent: `${traceparent.slice(0, -2)}00` }, order)
  const placed = await running.handled('order.placed')
  expect(placed.event.extensions['traceparent']).toMatch(new RegExp(`^00-${remote.traceId}-[0-9a-f]{16}-00$`))
  expect(spans()).toEqual([])
})

test('refusals are told by status; what a client did wrong is no error of the server', async () => {
  const { span, named, ended } = traced()
  await using running = await testApp(veltrix(shop()))
  const { post, url } = await gatewayOf(running)
  expect((await post({}, { orderId: 7 })).status).toBe(400)
  await ended('POST /events/:type')
  const refused = span('POST /events/:type')
  expect([refused.attributes['http.response.status_code'], refused.status.code]).toEqual([400, SpanStatusCode.UNSET])
  await running.app.stop()
  expect((await post({}, order)).status).toBe(503)
  await ended('POST /events/:type', 2)
  const failed = named('POST /events/:type')[1]!
  expect([failed.attributes['error.type'], failed.status.code]).toEqual(['503', SpanStatusCode.ERROR])
  for (const path of ['/livez', '/events/types', '/openapi.json']) await fetch(`${url}${path}`)
  expect(named('GET /livez')).toEqual([])
})

test('a connection that is cut ends its span', async () => {
  const { span, ended } = traced()
  await using running = await testApp(veltrix(shop()))
  const { url } = await gatewayOf(running)
  const head =
    'POST /events/order.placed HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n'
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(`${head}{`, () => socket.destroy()))
  await ended('POST /events/:type')
  const cut = span('POST /events/:type')
  expect([cut.attributes['error.type'], cut.status.code]).toEqual(['connection-closed', SpanStatusCode.ERROR])
})

test('a server that was started in a span is not in it; one that is running is the request’s own', async () => {
  const { span, spans, named, ended, tracer } = traced()
  await using running = await testApp(veltrix(shop()))
  const starting = tracer.startSpan('starting')
  const { post } = await inSpan(starting, () => gatewayOf(running))
  await post({}, order)
  await ended(send)
  // As with instrumentation of Node's HTTP, whose span is active while the request is.
  expect(spans().map(({ name }) => name)).toEqual([send])
  starting.end()
  await post({}, order)
  await ended('POST /events/:type')
  expect(parentOf(span('POST /events/:type'))).toBeUndefined()
  expect(named(send)).toHaveLength(2)
})

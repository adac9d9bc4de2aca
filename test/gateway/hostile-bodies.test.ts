/** Bodies and attributes that are made to hurt or to deceive: each has its answer, nothing of it is stored, and the gateway goes on. */
import { gzipSync } from 'node:zlib'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createGateway } from '../../src/gateway/index.ts'
import { veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { binary, problemIn, running, shop, structured } from './running.ts'

const cloudEvent = { 'content-type': 'application/cloudevents+json' }
const batch = { 'content-type': 'application/cloudevents-batch+json' }
const good = '{"orderId":"o-1"}'

const millionFields = (): string =>
  `{"orderId":"o","note":{${Array.from({ length: 1_000_000 }, (_, nth) => `"k${nth}":0`).join(',')}}}`

test.each<[what: string, status: number, problem: string, body: () => string]>([
  ['a million fields', 413, 'too-large', millionFields],
  ['a field twice', 400, 'body-invalid', () => '{"orderId":"a","orderId":"b"}'],
  ['a field twice, in disguise', 400, 'body-invalid', () => String.raw`{"orderId":"a","\u006frderId":"b"}`],
  ['a field twice, deep inside', 400, 'body-invalid', () => '{"orderId":"a","note":[{"x":[{"y":1,"y":1}]}]}'],
  ['NaN', 400, 'body-invalid', () => '{"orderId":"a","total":NaN}'],
  ['-1e400', 400, 'body-invalid', () => '{"orderId":"a","total":-1e400}'],
  ['2^53', 400, 'body-invalid', () => '{"orderId":"a","total":-9007199254740992}'],
  ['NUL between', 400, 'body-invalid', () => '{"orderId":"a"\0}'],
  ['half a pair in the key', 400, 'event-invalid', () => String.raw`{"orderId":"\udc00"}`],
])('%s is %i', async (_, status, problem, body) => {
  const { post, stored } = await running()
  const answer = await post('/events', binary('a'), body())
  expect([answer.status, (await problemIn(answer)).type]).toEqual([status, `urn:veltrix:problem:${problem}`])
  expect(await stored()).toEqual([])
  expect((await post('/events', binary('a'), good)).status).toBe(202)
})

test('a body with one event is 413 when it is larger than an event may be, before it is read as JSON', async () => {
  const { post, stored } = await running()
  const typeOf = async (answer: Promise<Response>) => (await problemIn(await answer)).type
  const noJson = (kib: number) => '?'.repeat(kib << 10)
  const json = { 'content-type': 'application/json' }
  // The shop's events have at most 64 KiB.
  expect(await typeOf(post('/events', binary('a'), noJson(65)))).toBe('urn:veltrix:problem:too-large')
  expect(await typeOf(post('/events/order.placed', json, noJson(65)))).toBe('urn:veltrix:problem:too-large')
  expect(await typeOf(post('/events', binary('a'), noJson(64)))).toBe('urn:veltrix:problem:body-invalid')
  const packed = { 'content-encoding': 'gzip' }
  expect(await typeOf(post('/events', binary('a', packed), gzipSync(noJson(65))))).toMatch(/too-large|body-inflates/)
  // Attributes, and Base64 of 64 KiB.
  expect(await typeOf(post('/events', cloudEvent, noJson(150)))).toBe('urn:veltrix:problem:too-large')
  const note = 'x'.repeat(60 << 10)
  const data = Buffer.from(JSON.stringify({ orderId: 'o', note })).toString('base64')
  const event = structured('b', { data: undefined, data_base64: data })
  expect((await post('/events', cloudEvent, JSON.stringify(event))).status).toBe(202)
  expect(await stored()).toHaveLength(1)
})

test('an event with too many values is 413, alone and in a batch, also within Base64', async () => {
  const { post, stored } = await running({ maxEventValues: 100 })
  const data = { orderId: 'o', note: Array.from({ length: 100 }, () => 0) }
  const encoded = Buffer.from(JSON.stringify(data)).toString('base64')
  const events = [structured('a', { data }), structured('b', { data: undefined, data_base64: encoded })]
  for (const event of events) {
    const answer = await post('/events', cloudEvent, JSON.stringify(event))
    expect([answer.status, (await problemIn(answer)).type]).toEqual([413, 'urn:veltrix:problem:too-many-values'])
  }
  const many = await post('/events', batch, JSON.stringify([...events, structured('c')]))
  expect(await many.json()).toMatchObject({ results: [{ status: 413 }, { status: 413 }, { status: 202 }] })
  expect(await stored()).toHaveLength(1)
})

test('the same name in objects of their own, and colons in texts, are no field twice', async () => {
  const { post, stored } = await running()
  const body = '{"orderId":"a:b\\":c","note":[{"x":1},{"x":{"x":":"}},"x:","\\\\"]}'
  expect((await post('/events', binary('a'), body)).status).toBe(202)
  expect((await stored())[0]!.data).toEqual(JSON.parse(body))
})

test('a batch of 1,000,000 is 413, whatever is in it', async () => {
  const { post, stored } = await running()
  const answer = await post('/events', batch, `[${'7,'.repeat(999_999)}7]`)
  expect([answer.status, (await problemIn(answer)).type]).toEqual([413, 'urn:veltrix:problem:too-large'])
  expect(await stored()).toEqual([])
})

test('a batch that is 100,000 deep is 400', async () => {
  const { post } = await running()
  const answer = await post('/events', batch, `${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  expect([answer.status, (await problemIn(answer)).type]).toEqual([400, 'urn:veltrix:problem:body-invalid'])
})

test('an attribute twice in a structured event is 400', async () => {
  const { post, stored } = await running()
  const twice = JSON.stringify(structured('a')).replace('"source"', '"source":"/other","source"')
  expect((await post('/events', cloudEvent, twice)).status).toBe(400)
  expect(await stored()).toEqual([])
})

test.each(['specversion', 'id', 'source', 'type'])(
  '%s missing or empty is 400 and named, in every mode',
  async (name) => {
    const { post, stored } = await running()
    for (const value of [undefined, '']) {
      const headers = binary('a', { [`ce-${name}`]: value ?? '' })
      if (value === undefined) delete headers[`ce-${name}`]
      const event = structured('a', { [name]: value })
      const one = await post('/events', headers, good)
      const other = await post('/events', cloudEvent, JSON.stringify(event))
      for (const [answer, path] of [
        [one, `ce-${name}`],
        [other, name],
      ] as const) {
        expect(answer.status).toBe(400)
        expect((await problemIn(answer)).issues?.map((issue) => issue.path)).toContain(path)
      }
      const many = await post('/events', batch, JSON.stringify([structured('b'), event]))
      expect(await many.json()).toMatchObject({ accepted: 1, results: [{ status: 202 }, { status: 400 }] })
    }
    expect(await stored()).toHaveLength(1)
  },
)

test.each(['%', '%zz', '%C0%AF', '%ED%A0%80', '"%E2%82"'])(
  'the attribute %j is not percent-encoded UTF-8: 400',
  async (value) => {
    const { post, stored } = await running()
    expect((await post('/events', binary('a', { 'ce-subject': value }), good)).status).toBe(400)
    expect(await stored()).toEqual([])
  },
)

test.each([
  'order.placed\u0000',
  'order.placed%00',
  '../shop.orders.bulk',
  'order.placed\r',
  'shop.orders.critical',
  '__proto__',
])('the type %j reaches no topic', async (type) => {
  const { post, stored } = await running()
  const answers = [
    await post('/events', cloudEvent, JSON.stringify(structured('a', { type }))),
    await post(`/events/${encodeURIComponent(type)}`, { 'content-type': 'application/json' }, good),
  ]
  for (const { status } of answers) expect(status).toBe(400)
  expect(await stored()).toEqual([])
})

test('a traceparent that was made up is text of the event as any other; the header of HTTP is no attribute', async () => {
  const { post, stored } = await running()
  const forged = 'ff-00000000000000000000000000000000-0000000000000000-zz'
  const headers = binary('a', { 'ce-traceparent': forged, traceparent: forged, tracestate: 'a=b' })
  expect((await post('/events', headers, good)).status).toBe(202)
  const [event] = await stored()
  expect(event!.attributes['ce_traceparent']).toBe(forged)
  expect(event!.attributes).not.toHaveProperty('traceparent')
  expect(event!.attributes).not.toHaveProperty('ce_tracestate')
})

test.each([
  '2026-06-30T23:59:61Z',
  '10000-01-01T00:00:00Z',
  '9999-12-31T24:00:00Z',
  '+275760-09-13T00:00:00Z',
  '2026-01-01 00:00:00',
])('the time %j is 400', async (time) => {
  const { post } = await running()
  expect((await post('/events', binary('a', { 'ce-time': time }), good)).status).toBe(400)
})

test('2,000 headers are 431, however short they are', async () => {
  const { raw, stored } = await running()
  const many = Array.from({ length: 2_000 }, (_, nth) => `${(nth % 100).toString(36)}:\r\n`).join('')
  expect(many.length).toBeLessThan(16 << 10)
  const answer = await raw(
    `POST /events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${many}content-length: 0\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  expect(answer).toContain('urn:veltrix:problem:headers-too-large')
  expect(await stored()).toEqual([])
})

test('a body byte by byte is read as any other', async () => {
  const { raw, stored } = await running()
  const headers = Object.entries(binary('a')).map(([name, value]) => `${name}: ${value}\r\n`)
  const chunks = [...good].map((char) => `1\r\n${char}\r\n`).join('')
  const answer = await raw(
    `POST /events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers.join('')}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 202 /)
  expect((await stored())[0]!.data).toEqual({ orderId: 'o-1' })
})

test('an event larger than the log takes is 413, alone and in a batch', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-gateway-'))
  const app = veltrix(shop, { transport: embedded({ directory, durability: 'none', maxRecordBytes: 16 << 10 }) })
  const gateway = createGateway(app, { port: 0 })
  const url = await gateway.start()
  onTestFinished(async () => {
    await gateway.close()
    await app.stop()
    rmSync(directory, { recursive: true })
  })
  const data = { orderId: 'o', note: 'x'.repeat(20 << 10) }
  const alone = await fetch(`${url}/events`, { method: 'POST', headers: binary('a'), body: JSON.stringify(data) })
  expect([alone.status, (await problemIn(alone)).code]).toEqual([413, 'VLX_RECORD_TOO_LARGE'])
  const body = JSON.stringify([structured('b', { data }), structured('c')])
  const many = await fetch(`${url}/events`, { method: 'POST', headers: batch, body })
  expect(await many.json()).toMatchObject({ results: [{ status: 413 }, { status: 202 }] })
})

/** What a gateway refuses, with which status; it stores nothing of it and goes on. */
import { expect, test } from 'vitest'
import { binary, problemIn, running, structured } from './running.ts'

type Gateway = Awaited<ReturnType<typeof running>>

/** Nothing was stored, and a good event still is. */
async function staysWell({ post, stored }: Gateway): Promise<void> {
  expect(await stored()).toEqual([])
  expect((await post('/events', binary('well'), '{"orderId":"o-1"}')).status).toBe(202)
}

const good = '{"orderId":"o-1"}'

test.each<
  [what: string, status: number, headers: Record<string, string>, body: string | Buffer<ArrayBuffer> | undefined]
>([
  ['no data', 400, binary('a'), undefined],
  ['not JSON', 400, binary('a'), '{'],
  ['a byte order mark', 400, binary('a'), `\ufeff${good}`],
  ['overlong UTF-8', 400, binary('a'), Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
  ['half a surrogate pair', 400, binary('a'), String.raw`{"orderId":"\ud800"}`],
  ['depth of 30,000', 400, binary('a'), `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
  ['depth of 100,000', 413, binary('a'), `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['__proto__', 400, binary('a'), '{"orderId":"o","note":{"__proto__":{}}}'],
  ['__proto__ in disguise', 400, binary('a'), String.raw`{"orderId":"o","note":{"\u005f_proto__":{}}}`],
  ['1e400', 400, binary('a'), '{"orderId":"o","total":1e400}'],
  ['an integer over 2^53', 400, binary('a'), '{"orderId":"o","total":9007199254740993}'],
  ['a payload that breaks its schema', 400, binary('a'), '{"orderId":5}'],
  ['an event over its limit', 413, binary('a'), JSON.stringify({ orderId: 'o', note: 'x'.repeat(70_000) })],
  ['a body over its limit', 413, binary('a'), 'x'.repeat(5 << 20)],
  ['gzip that is none', 400, binary('a', { 'content-encoding': 'gzip' }), good],
  ['an unknown encoding', 415, binary('a', { 'content-encoding': 'weird' }), good],
  ['text', 415, binary('a', { 'content-type': 'text/plain' }), good],
  ['another charset', 415, binary('a', { 'content-type': 'application/json; charset=utf-16' }), good],
  ['CloudEvents in Avro', 415, binary('a', { 'content-type': 'application/cloudevents+avro' }), good],
  ['version 0.3', 400, binary('a', { 'ce-specversion': '0.3' }), good],
  ['version 2.0', 400, binary('a', { 'ce-specversion': '2.0' }), good],
  ['an empty id', 400, binary(''), good],
  ['a source that is no URI', 400, binary('a', { 'ce-source': 'a b' }), good],
  ['broken percent-encoding', 400, binary('a', { 'ce-subject': '%E2%82' }), good],
  ['an attribute with a bad name', 400, binary('a', { 'ce-bad_name': 'x' }), good],
  ['a header like those on the log', 400, binary('a', { 'ce-veltrix-attempts': '9' }), good],
  ['datacontenttype as an attribute', 400, binary('a', { 'ce-datacontenttype': 'text/xml' }), good],
  ['a type that would be another topic', 400, binary('a', { 'ce-type': '../shop.orders.bulk' }), good],
  ['a moment that is none', 400, binary('a', { 'ce-time': '2026-02-30T00:00:00Z' }), good],
  ['another host', 403, binary('a', { host: 'evil.example' }), good],
])('binary mode: %s is %i', async (_, status, headers, body) => {
  const gateway = await running()
  // `fetch` sets the host itself.
  const response =
    'host' in headers
      ? {
          status: Number(
            (
              await gateway.raw(
                `POST /events HTTP/1.1\r\nhost: ${headers['host']}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
              )
            ).slice(9, 12),
          ),
        }
      : await gateway.post('/events', headers, body)
  expect(response.status).toBe(status)
  await staysWell(gateway)
})

test.each<[what: string, status: number, event: unknown]>([
  ['a list', 400, []],
  ['a number', 400, 7],
  ['null', 400, null],
  ['no attributes', 400, {}],
  ['data beside data_base64', 400, structured('a', { data_base64: 'e30=' })],
  ['data_base64 that is none', 400, { ...structured('a'), data: undefined, data_base64: 'a?' }],
  ['no data', 400, { ...structured('a'), data: undefined }],
  ['XML', 400, structured('a', { datacontenttype: 'application/xml' })],
  ['an object as an attribute', 400, structured('a', { extra: {} })],
  ['a fraction as an attribute', 400, structured('a', { extra: 1.5 })],
  ['a number as the id', 400, structured('a', { id: 7 })],
  ['dataschema that is no URI', 400, structured('a', { dataschema: '/relative' })],
])('structured mode: %s is %i', async (_, status, event) => {
  const gateway = await running()
  const response = await gateway.post(
    '/events',
    { 'content-type': 'application/cloudevents+json' },
    JSON.stringify(event),
  )
  expect(response.status).toBe(status)
  expect(await problemIn(response)).toMatchObject({ status })
  await staysWell(gateway)
})

test.each(['application/cloudevents+json', 'application/cloudevents-batch+json'])(
  'ce- headers together with %s are refused',
  async (contentType) => {
    const gateway = await running()
    const response = await gateway.post(
      '/events',
      binary('a', { 'content-type': contentType }),
      JSON.stringify(structured('b')),
    )
    expect(response.status).toBe(400)
    await staysWell(gateway)
  },
)

test('a batch over its limit is refused as a whole', async () => {
  const gateway = await running({ maxBatchEvents: 3 })
  const events = Array.from({ length: 4 }, (_, nth) => structured(`e-${nth}`))
  const response = await gateway.post(
    '/events',
    { 'content-type': 'application/cloudevents-batch+json' },
    JSON.stringify(events),
  )
  expect(response.status).toBe(413)
  await staysWell(gateway)
})

test.each([
  ['a leap second', '2026-06-30T23:59:60Z'],
  ['the year 9999', '9999-12-31T23:59:59Z'],
])('%s is a moment', async (_, time) => {
  const { post, stored } = await running()
  expect((await post('/events', binary('a', { 'ce-time': time }), good)).status).toBe(202)
  expect((await stored())[0]!.attributes['ce_time']).toBe(time)
})

const head = (more: string): string => `POST /events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${more}`

test.each<[what: string, status: number, request: string]>([
  ['two lengths', 400, head('content-length: 5\r\ncontent-length: 6\r\n\r\nhello')],
  ['a length together with chunks', 400, head('content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n')],
  ['a chunk of no number', 400, head('transfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\nzz\r\n')],
  ['a bare line feed', 400, head('content-length: 0\nx: y\r\n\r\n')],
  ['NUL in a header', 400, head('x: a\0b\r\n\r\n')],
  ['17 KiB of headers', 431, head(`x: ${'a'.repeat(17 << 10)}\r\n\r\n`)],
  [
    'a header twice',
    400,
    head(
      'content-type: application/json\r\ncontent-length: 17\r\nce-specversion: 1.0\r\nce-source: /a\r\nce-type: order.placed\r\nce-id: a\r\nce-id: b\r\n\r\n{"orderId":"o-1"}',
    ),
  ],
  ['what is no HTTP', 400, 'hello\r\n\r\n'],
])('on the wire: %s is %i', async (_, status, request) => {
  const gateway = await running()
  const answer = await gateway.raw(request)
  expect(Number(answer.slice(9, 12))).toBe(status)
  expect(answer.toLowerCase()).toContain('content-type: application/problem+json')
  await staysWell(gateway)
})

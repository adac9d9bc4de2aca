/** Compressed bodies: four encodings, bombs stopped at their limit, whatever is damaged refused. */
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { RequestRefused } from '../../src/gateway/index.ts'
import { Inflater, type Encoding } from '../../src/gateway/content-encoding.ts'
import { Memory } from '../../src/gateway/memory.ts'
import { binary, problemIn, running, structured } from './running.ts'

const pack: Record<Encoding, (bytes: Uint8Array) => Buffer<ArrayBuffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}
const batched = { 'content-type': 'application/cloudevents-batch+json' }
const encodings = Object.keys(pack) as Encoding[]
const good = Buffer.from(JSON.stringify({ orderId: 'o-1', note: 'nothing much' }))

test.each([...encodings, 'GZIP', 'x-gzip', 'identity'])('%s is taken', async (encoding) => {
  const { post, stored } = await running()
  const name = encoding.toLowerCase().replace('x-', '') as Encoding
  const body = encoding === 'identity' ? good : pack[name](good)
  expect((await post('/events', binary('a', { 'content-encoding': encoding }), body)).status).toBe(202)
  expect((await stored())[0]!.data).toEqual({ orderId: 'o-1', note: 'nothing much' })
})

test('batches and plain JSON too', async () => {
  const { post, stored } = await running()
  const packed = { 'content-encoding': 'zstd' }
  const batch = { 'content-type': 'application/cloudevents-batch+json', ...packed }
  const events = Buffer.from(JSON.stringify([structured('a'), structured('b')]))
  expect((await post('/events', batch, zstdCompressSync(events))).status).toBe(202)
  const plain = { 'content-type': 'application/json', ...packed }
  expect((await post('/events/order.placed', plain, zstdCompressSync(good))).status).toBe(202)
  expect(await stored()).toHaveLength(3)
})

test('a gzip file of several members is one body', async () => {
  const { post, stored } = await running()
  const body = Buffer.concat([gzipSync(good.subarray(0, 10)), gzipSync(good.subarray(10))])
  expect((await post('/events', binary('a', { 'content-encoding': 'gzip' }), body)).status).toBe(202)
  expect(await stored()).toHaveLength(1)
})

test.each(['weird', 'compress', 'gzip, gzip', 'gzip, identity', 'toString', ''])(
  'the encoding %j is 415, and the answer names those that are taken',
  async (encoding) => {
    const { post } = await running()
    const answer = await post('/events', binary('a', { 'content-encoding': encoding }), gzipSync(good))
    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'gzip, deflate, br, zstd'])
    expect((await problemIn(answer)).type).toBe('urn:veltrix:problem:encoding-unsupported')
  },
)

const bomb = Buffer.alloc(16 << 20, ' ')

test.each(encodings)('a bomb in %s is 413, and the gateway goes on', async (encoding) => {
  const { post, stored } = await running({ maxBodyBytes: 32 << 20 })
  const answer = await post('/events', { ...batched, 'content-encoding': encoding }, pack[encoding](bomb))
  expect(answer.status).toBe(413)
  expect((await problemIn(answer)).type).toBe('urn:veltrix:problem:body-inflates')
  expect((await post('/events', binary('b', { 'content-encoding': encoding }), pack[encoding](good))).status).toBe(202)
  expect(await stored()).toHaveLength(1)
})

test.each(encodings)(
  'what is larger than a body may be is 413, however honestly it was packed in %s',
  async (encoding) => {
    const { post } = await running({ maxBodyBytes: 100_000 })
    const text = Buffer.from(JSON.stringify({ orderId: 'o', note: Array.from({ length: 20_000 }, (_, nth) => nth) }))
    const answer = await post('/events', binary('a', { 'content-encoding': encoding }), pack[encoding](text))
    expect(answer.status).toBe(413)
    expect((await problemIn(answer)).type).toBe('urn:veltrix:problem:too-large')
  },
)

test('up to 64 KiB a body may be as small as it can be packed', async () => {
  const { post } = await running()
  const text = Buffer.from(JSON.stringify({ orderId: 'o', note: 'x'.repeat(60_000) }))
  const body = brotliCompressSync(text)
  expect(text.length / body.length).toBeGreaterThan(200)
  expect((await post('/events', binary('a', { 'content-encoding': 'br' }), body)).status).toBe(202)
})

test.each(encodings)(
  'what is cut off, damaged, empty, followed by something or not %s at all is 400',
  async (encoding) => {
    const { post } = await running()
    const body = pack[encoding](good)
    const damaged = Buffer.from(body)
    damaged[0]! ^= 0xff
    const bodies = [body.subarray(0, -3), damaged, Buffer.alloc(0), Buffer.concat([body, Buffer.from('more')]), good]
    for (const [nth, each] of bodies.entries()) {
      const answer = await post('/events', binary(`a-${nth}`, { 'content-encoding': encoding }), Buffer.from(each))
      expect([nth, answer.status]).toEqual([nth, 400])
      expect((await problemIn(answer)).type).toBe('urn:veltrix:problem:body-invalid')
    }
  },
)

test('a zstd frame that asks for more memory than HTTP lets it have is refused', async () => {
  const { post } = await running({ maxBodyBytes: 32 << 20, maxInflation: 1e9 })
  const params = { [constants.ZSTD_c_windowLog]: 27 }
  const body = zstdCompressSync(Buffer.concat([good, bomb]), { params })
  const answer = await post('/events', binary('a', { 'content-encoding': 'zstd' }), body)
  expect((await problemIn(answer)).type).toBe('urn:veltrix:problem:body-invalid')
  const events = Buffer.from(JSON.stringify([structured('b')]))
  const usual = zstdCompressSync(Buffer.concat([events, bomb.subarray(0, 4 << 20)]), { params })
  expect((await post('/events', { ...batched, 'content-encoding': 'zstd' }, usual)).status).toBe(202)
})

test('a bomb is stopped while it inflates: never more is held than it may become', async () => {
  const memory = new Memory(Infinity, 0)
  const inflater = new Inflater()
  let most = 0
  const take = memory.take.bind(memory)
  memory.take = (...args) => {
    take(...args)
    most = Math.max(most, memory.bytes)
  }
  const packed = gzipSync(bomb)
  // More at once than there are decoders: those that wait get their turn also after failures.
  const all = Array.from({ length: 20 }, async () => {
    const held = memory.hold('other')
    const fate = await inflater.inflate(packed, 'gzip', held, { maxBytes: Infinity, maxInflation: 10 }).then(
      () => 'inflated',
      (error: unknown) => (error as RequestRefused).problem,
    )
    held.release()
    return fate
  })
  for (const fate of await Promise.all(all)) expect(fate).toBe('body-inflates')
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThanOrEqual(20 * 10 * packed.length)
  expect(memory.bytes).toBe(0)
})

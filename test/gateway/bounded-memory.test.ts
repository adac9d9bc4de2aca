/** However much is sent at once, a gateway holds no more than it may. */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Child } from '../support/child.ts'

const limit = 64 << 20
/** What V8 and sockets take beside what is held: garbage that is not collected yet, buffers of the kernel's reads, decoders. */
const baseline = 160 << 20

/** A batch of 400 events with 700 objects each: nearly 1 MiB, of which little is text. */
function objects(nth: number): Buffer<ArrayBuffer> {
  const note = `[${'{},'.repeat(699)}{}]`
  const events = Array.from({ length: 400 }, (_, place) => {
    const attributes = `"specversion":"1.0","type":"order.exported","source":"/till/7","id":"e-${nth}-${place}"`
    return `{${attributes},"data":{"orderId":"o","note":${note}}}`
  })
  return Buffer.from(`[${events.join(',')}]`)
}

const bomb = Buffer.alloc(64 << 20, ' ')
const bombs = { gzip: gzipSync(bomb), br: brotliCompressSync(bomb), zstd: zstdCompressSync(bomb) }
const bodies: readonly (readonly [encoding: string, body: (nth: number) => Buffer<ArrayBuffer>])[] = [
  ['identity', objects],
  ['identity', () => Buffer.alloc(1 << 20, ' ')],
  ['gzip', () => bombs.gzip],
  ['br', () => bombs.br],
  ['zstd', () => bombs.zstd],
  ['gzip', (nth) => gzipSync(objects(nth), { level: 1 })],
]

test('300 large bodies and bombs at once, and a log that takes nothing: at most 2 × the limit beside the baseline', async () => {
  const child = new Child(
    new URL('memory-child.ts', import.meta.url),
    JSON.stringify({ maxInFlightBytes: limit, maxBodyBytes: 1 << 20, maxInflation: 1_000 }),
  )
  await child.says('peak ')
  const url = child.lines[0]!.slice('listening '.length)
  const before = peakIn(child)
  const refused: number[] = []
  const sent = Array.from({ length: 300 }, async (_, nth) => {
    const [encoding, body] = bodies[nth % bodies.length]!
    const headers = { 'content-type': 'application/cloudevents-batch+json', 'content-encoding': encoding }
    const { status } = await fetch(`${url}/events`, { method: 'POST', headers, body: body(nth) })
    if (status !== 202) refused.push(status)
    return status
  })
  // The bombs never get in; of the large bodies a few, which wait until then.
  await expect.poll(() => refused.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(290)
  child.tell('go')
  const statuses = new Set(await Promise.all(sent))
  expect([...statuses].toSorted()).toEqual([202, 400, 413, 503])
  const spoken = child.lines.length
  child.tell('peak')
  await expect.poll(() => child.lines.length).toBeGreaterThan(spoken)
  expect(peakIn(child) - before).toBeLessThan(2 * limit + baseline)
  child.kill('SIGKILL')
  await child.ended
}, 120_000)

function peakIn({ lines }: Child): number {
  return Number(lines.findLast((line) => line.startsWith('peak '))!.slice('peak '.length))
}

/** However much is sent at once, a gateway holds no more than it may. */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Child } from '../support/child.ts'
import { binary } from './running.ts'

const limit = 64 << 20
/** What V8 and sockets take beside what is held: garbage that is not collected yet, buffers of the kernel's reads, decoders. */
const baseline = 160 << 20

const objects = Buffer.from(`{"orderId":"o","note":[${'{},'.repeat(300_000)}{}]}`)
const bomb = Buffer.alloc(64 << 20, ' ')
const bodies: readonly (readonly [encoding: string, body: Buffer<ArrayBuffer>])[] = [
  ['identity', objects],
  ['identity', Buffer.alloc(1 << 20, ' ')],
  ['gzip', gzipSync(bomb)],
  ['br', brotliCompressSync(bomb)],
  ['zstd', zstdCompressSync(bomb)],
  ['gzip', gzipSync(objects, { level: 1 })],
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
    const headers = binary(`e-${nth}`, { 'content-encoding': encoding, 'ce-type': 'order.exported' })
    const { status } = await fetch(`${url}/events`, { method: 'POST', headers, body })
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

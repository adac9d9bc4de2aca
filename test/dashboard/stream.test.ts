/**
 * A viewer that is slow, or takes nothing any more.
 * @module
 */
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { message, ViewerStream } from '../../src/dashboard/http/stream.ts'

const KiB = 1024

/** A connection that takes one piece and then nothing until it is told. */
function stuckConnection() {
  const taken: Buffer[] = []
  let go: (() => void) | undefined
  let flows = false
  const writable = new Writable({
    highWaterMark: 16 * KiB,
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk)
      if (flows) done()
      else go = done
    },
  })
  return {
    writable,
    text: () => Buffer.concat(taken).toString(),
    release: () => {
      flows = true
      go?.()
    },
  }
}

test('what waits for a viewer that takes nothing is bounded, and nothing that was accepted is lost', async () => {
  const stream = new ViewerStream()
  const { writable, text, release } = stuckConnection()
  stream.pipe(writable)
  let accepted = 0
  for (let at = 0; at < 5_000; at++) {
    if (stream.offer(message('events', { at, note: 'x'.repeat(2_000) }))) accepted++
    if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(stream.waitingBytes).toBeLessThan(600 * KiB)
  }
  expect(accepted).toBeGreaterThan(200)
  expect(accepted).toBeLessThan(320)
  const ended = new Promise((resolve) => writable.once('finish', resolve))
  release()
  while (text().split('event: events').length - 1 < accepted) await new Promise((resolve) => setImmediate(resolve))
  expect(stream.offer(message('events', { last: true }))).toBe(true)
  stream.finish()
  await ended
  expect(text().split('event: events')).toHaveLength(accepted + 1 + (text().includes('"last":true') ? 1 : 0))
})

test('one message is taken whatever its size, when nothing else waits', () => {
  const stream = new ViewerStream()
  stream.read()
  expect(stream.offer(message('history', 'x'.repeat(2_000 * KiB)))).toBe(true)
  expect(stream.offer(message('second', 'x'.repeat(2_000 * KiB)))).toBe(true)
  expect(stream.offer(message('second', {}))).toBe(false)
})

test('a viewer that takes nothing for four signs of life is cut off; one that takes them stays', async () => {
  const stuck = new ViewerStream()
  stuck.pipe(stuckConnection().writable)
  await new Promise((resolve) => setImmediate(resolve))
  // What the connection takes, what waits before it, and more.
  for (let at = 0; at < 4; at++) {
    stuck.offer(message('events', 'x'.repeat(100 * KiB)))
    await new Promise((resolve) => setImmediate(resolve))
  }
  let beats = 0
  for (; !stuck.destroyed && beats < 20; beats++) {
    stuck.beat()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(beats).toBe(4)
  const well = new ViewerStream()
  let heard = ''
  well.on('data', (chunk: Buffer) => (heard += chunk.toString()))
  for (let beat = 0; beat < 8; beat++) {
    well.beat()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(well.destroyed).toBe(false)
  // Before it began to flow it had not asked yet.
  expect(heard.split('\n').filter((line) => line === ':').length).toBeGreaterThanOrEqual(7)
})

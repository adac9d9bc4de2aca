/** The buffer of one reader: bounded, in order, and honest about what it dropped. */
import { expect, test } from 'vitest'
import { TailReader } from '../../src/gateway/tail/reader.ts'

const events = (from: number, to: number): Buffer[] =>
  Array.from({ length: to - from }, (_, index) => Buffer.from(`event ${from + index};`.padEnd(1_000, '.')))

/** What is there to be taken now. */
async function taken(reader: TailReader): Promise<string[]> {
  let text = ''
  reader.on('data', (chunk: Buffer) => (text += chunk.toString()))
  reader.resume()
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  reader.removeAllListeners('data')
  reader.pause()
  return text.match(/event \d+|"count":\d+/g) ?? []
}

test('what nobody takes is bounded; the notice stands where events are missing', async () => {
  const reader = new TailReader(10_000)
  for (const event of events(0, 100)) reader.offer(event)
  const first = await taken(reader)
  const shown = first.filter((each) => each.startsWith('event'))
  // Its own 10 kB, and what streams keep.
  expect(shown.length).toBeLessThan(40)
  expect(first).toEqual([...shown.keys().map((nth) => `event ${nth}`), `"count":${100 - shown.length}`])
  for (const event of events(100, 103)) reader.offer(event)
  expect(await taken(reader)).toEqual(['event 100', 'event 101', 'event 102'])
})

test('one event may be larger than the room', async () => {
  const reader = new TailReader(10)
  await taken(reader)
  reader.offer(events(0, 1)[0]!)
  expect(await taken(reader)).toEqual(['event 0'])
})

test('who takes nothing for some beats is cut off, who does is not', async () => {
  const [dead, alive] = [new TailReader(10_000), new TailReader(10_000)]
  for (const reader of [dead, alive]) for (const event of events(0, 100)) reader.offer(event)
  for (let beat = 0; beat < 3; beat++) for (const reader of [dead, alive]) reader.beat()
  await taken(alive)
  for (const reader of [dead, alive]) reader.beat()
  expect([dead.destroyed, alive.destroyed]).toEqual([true, false])
})

test('after the last words nothing is taken any more', async () => {
  const reader = new TailReader(10_000)
  await taken(reader)
  reader.finish(Buffer.from('event 7'))
  reader.offer(events(0, 1)[0]!)
  reader.finish()
  expect(await taken(reader)).toEqual(['event 7'])
  expect(reader.readableEnded).toBe(true)
})

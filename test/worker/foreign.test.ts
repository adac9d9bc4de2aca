/** Records that others wrote without an event's headers: dead letters that say so, or events, as the stream says. @module */
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { VeltrixEvent } from '../../src/event/index.ts'
import type { AppendRecord } from '../../src/transport/index.ts'
import { eventRecord, listenTo, rawBench, rawRecord, stepEvent, topic } from './raw-bench.ts'
import { gate } from './steps.ts'

const step = z.object({ n: z.number() })
const adopting = (schema: unknown = step) => ({
  stream: { foreign: { adopt: 'step' } },
  events: { step: { ...stepEvent(), schema, key: ({ n }: { n: number }) => `n${n}` } },
})
const json = (data: unknown, key: string | null = 'a'): AppendRecord =>
  rawRecord(key === null ? null : Buffer.from(key), Buffer.from(JSON.stringify(data)))
const garbage = Uint8Array.of(0xff, 0xfe, 0x00, 0x80)

test('without a word in the typed file they are dead letters that say what is missing, byte for byte', async () => {
  const on = await rawBench()
  await on.start((each) => each.handle('sub', 'step', () => {}))
  const records = [
    json({ n: 1 }),
    rawRecord(null, Buffer.from('hello')),
    rawRecord(garbage, garbage),
    rawRecord(null, null),
  ]
  await on.append(...records)
  await on.committed(4)
  const { letters } = await on.inTime(on.desk.list('sub', {}))
  const told = letters.toSorted((a, b) => a.origin.offset - b.origin.offset)
  expect(told.map(({ reason }) => reason)).toEqual(Array(4).fill('invalid-event'))
  for (const { errorMessage } of told) expect(errorMessage).toContain('it has no ce_ headers at all')
  expect(told[1]!.errorMessage).toContain('ce_specversion is missing; ce_id is missing')
  const kept = on.cluster.partition(on.sub.deadTopic, 0).from(0, Infinity)
  expect(kept.map(({ key, value }) => [key, value])).toEqual(records.map(({ key, value }) => [key, value]))
})

test('adopted, they are events: id by place, time by the record, key by the record or the payload', async () => {
  const on = await rawBench(adopting())
  const seen: VeltrixEvent[] = []
  await on.start((each) => each.handle('sub', 'step', (event) => void seen.push(event)))
  await on.append(json({ n: 1, more: true }), json({ n: 2 }, null), eventRecord('own', 'b', { n: 3 }))
  await on.committed(3)
  expect(seen.toSorted((a, b) => (a.data as { n: number }).n - (b.data as { n: number }).n)).toEqual([
    {
      id: `${topic}-0-0`,
      source: `urn:veltrix:foreign:${topic}`,
      type: 'step',
      time: '2023-11-14T22:13:20.000Z',
      key: 'a',
      data: { n: 1 },
      extensions: {},
    },
    expect.objectContaining({ id: `${topic}-0-1`, key: 'n2', data: { n: 2 } }),
    expect.objectContaining({ id: 'own', source: '/t', key: 'b' }),
  ])
})

test('what cannot be adopted is a dead letter with its reason, and one that has some of the headers is a broken event', async () => {
  const on = await rawBench(adopting())
  const told = listenTo('veltrix:worker:dead')
  await on.start((each) => each.handle('sub', 'step', () => {}))
  await on.append(
    rawRecord(null, Buffer.from('hello')),
    rawRecord(null, null),
    rawRecord(garbage, garbage),
    json({ n: 'one' }),
    rawRecord(Buffer.from('a'), Buffer.from('{"n":1}'), [['ce_id', '1']]),
  )
  await on.committed(5)
  const byOffset = told.toSorted((a, b) => a.offset - b.offset).map(({ error }) => error.message)
  expect(byOffset).toEqual([
    expect.stringContaining('the payload is not JSON'),
    expect.stringContaining('a tombstone'),
    expect.stringMatching(/the payload is not UTF-8 text; the key is not UTF-8 text/),
    expect.stringContaining('data.n'),
    expect.stringContaining('ce_source is missing'),
  ])
  expect(byOffset[4]).not.toContain('no ce_ headers at all')
})

test('a schema that takes its time keeps the order of a key; an attempt that fails is tried again', async () => {
  const slow = z.object({ n: z.number() }).refine(async ({ n }) => n < 9)
  const on = await rawBench(adopting(slow))
  const runs: string[] = []
  await on.start((each) =>
    each.handle('sub', 'step', ({ data }, { attempt }) => {
      runs.push(`${(data as { n: number }).n} ${attempt}`)
      if (runs.length === 1) throw new Error('planted')
    }),
  )
  await on.append(json({ n: 1 }), json({ n: 2 }), json({ n: 9 }), json({ n: 3 }))
  await on.committed(4)
  expect(runs).toEqual(['1 1', '1 2', '2 1', '3 1'])
})

test('a partition that goes while a schema takes its time takes the event along', async () => {
  const slow = gate()
  const checked = step.refine(async () => {
    await slow.opened
    return true
  })
  const on = await rawBench(adopting(checked))
  const runs: string[] = []
  const { log } = await on.start((each) => each.handle('sub', 'step', ({ id }) => void runs.push(id)))
  await on.append(json({ n: 1 }))
  await on.clock.advance(500)
  log.consumers[0]!.loseSession(0)
  await on.clock.advance(500)
  slow.open()
  await on.committed(1)
  expect(runs).toEqual([`${topic}-0-0`])
})

test('a type that the subscription does not take is passed over, also behind a parked key', async () => {
  const on = await rawBench({
    stream: { foreign: { adopt: 'other' } },
    subscription: { onDeadLetter: 'park-key' },
    events: { step: stepEvent(), other: stepEvent() },
  })
  await on.start((each) =>
    each.handle('sub', 'step', () => {
      throw new Error('planted')
    }),
  )
  await on.append(eventRecord('1', 'a'), json({ n: 1 }, 'a'), eventRecord('2', 'a'))
  await on.committed(3)
  const { letters } = await on.inTime(on.desk.list('sub', {}))
  expect(letters.map(({ origin }) => origin.offset).toSorted()).toEqual([0, 2])
})

test('a redrive reads the letter by the rules of today: dead again, or adopted with the same id', async () => {
  const on = await rawBench()
  const { stop } = await on.start((each) => each.handle('sub', 'step', () => {}))
  await on.append(json({ n: 1 }))
  await on.committed(1)
  await on.inTime(on.desk.redrive('sub', { all: true }, { rate: Infinity }))
  const ended = () => on.cluster.partition(on.sub.auditTopic, 0).end === 2
  await on.clock.runUntil(ended)
  expect((await on.inTime(on.desk.list('sub', {}))).letters).toMatchObject([
    { status: 'dead', reason: 'invalid-event' },
  ])
  await stop()
  const seen: string[] = []
  const later = await rawBench(adopting(), on.cluster)
  await later.start((each) => each.handle('sub', 'step', ({ id }, { redriven }) => void seen.push(`${id} ${redriven}`)))
  await later.inTime(later.desk.redrive('sub', { all: true }, { rate: Infinity }))
  await later.clock.runUntil(() => on.cluster.partition(on.sub.auditTopic, 0).end === 4)
  expect(seen).toEqual([`${topic}-0-0 true`])
  expect((await later.inTime(later.desk.list('sub', {}))).letters).toEqual([])
})

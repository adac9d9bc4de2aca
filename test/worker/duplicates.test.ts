/**
 * Events stored twice with one id are handled once, also when the partition changes hands between the two, and nothing else is taken for a
 * duplicate.
 * @module
 */
import { expect, test } from 'vitest'
import { LogCorrupted, LogUnavailable } from '../../src/transport/index.ts'
import { Unrecoverable } from '../../src/worker/index.ts'
import { identityOf, RecentIds } from '../../src/worker/recent-ids.ts'
import { derived } from '../support/derived.ts'
import { eventRecord, listenTo, rawBench, rawRecord, topic, type BenchOptions } from './raw-bench.ts'

test('an event that is stored twice is handled once, told and counted', async () => {
  const on = await rawBench()
  const told = listenTo('veltrix:worker:duplicate')
  const seen: string[] = []
  const { worker } = await on.start((each) => each.handle('sub', 'step', ({ id }) => void seen.push(id)))
  await on.append(eventRecord('1'), eventRecord('2', 'b'), eventRecord('1'), eventRecord('3'))
  await on.committed(4)
  expect(seen).toEqual(['1', '2', '3'])
  expect(told).toEqual([
    expect.objectContaining({ id: '1', key: 'a', type: 'step', offset: 2, earlierOffset: 0, conflict: false }),
  ])
  expect(worker.status()).toMatchObject([{ duplicates: 1, idConflicts: 0 }])
})

test('another event with the same id is handled, and told as a conflict', async () => {
  const on = await rawBench({ subscription: { events: ['step', 'other'] }, events: twoEvents() })
  const told = listenTo('veltrix:worker:duplicate')
  const seen: string[] = []
  const { worker } = await on.start((each) => {
    for (const type of ['step', 'other'])
      each.handle('sub', type, ({ key, data }) => void seen.push(key + String(data)))
  })
  await on.append(
    eventRecord('1', 'a', 1),
    eventRecord('1', 'a', 2),
    eventRecord('1', 'b', 2),
    eventRecord('1', 'b', 2, 'other'),
    eventRecord('1', 'b', 2, 'other'),
  )
  await on.committed(5)
  expect(seen.toSorted()).toEqual(['a1', 'a2', 'b2', 'b2'])
  expect(told.map(({ offset, conflict }) => `${offset} ${conflict}`)).toEqual(['1 true', '2 true', '3 true', '4 false'])
  expect(worker.status()).toMatchObject([{ duplicates: 1, idConflicts: 3 }])
})

test('a restart between the two does not let the later one through, in good order or by a crash', async () => {
  for (const leave of ['stop', 'crash'] as const) {
    const on = await rawBench()
    const seen: string[] = []
    const handle = ({ id }: { id: string }): void => void seen.push(id)
    const first = await on.start((each) => each.handle('sub', 'step', handle))
    await on.append(eventRecord('1'), eventRecord('2'))
    await on.committed(2)
    if (leave === 'stop') await first.stop()
    else first.log.crash()
    await on.append(eventRecord('1'), eventRecord('3'))
    await on.start((each) => each.handle('sub', 'step', handle))
    await on.committed(4)
    expect(seen).toEqual(['1', '2', '3'])
  }
})

test('while the earlier one is tried again the later one is over; dead, it is one letter, and a redrive of it runs', async () => {
  const on = await rawBench()
  let healed = false
  const runs: string[] = []
  await on.start((each) =>
    each.handle('sub', 'step', ({ id }, { attempt, redriven }) => {
      runs.push(`${id} ${redriven ? 'redriven' : attempt}`)
      if (id === '1' && !healed) throw new Error('planted')
    }),
  )
  await on.append(eventRecord('1'), eventRecord('1'), eventRecord('2'))
  await on.committed(3)
  expect(runs).toEqual(['1 1', '1 2', '2 1'])
  const { letters } = await on.inTime(on.desk.list('sub', {}))
  expect(letters.map(({ origin }) => origin.offset)).toEqual([0])
  healed = true
  await on.inTime(on.desk.redrive('sub', { all: true }, { rate: Infinity }))
  await on.clock.runUntil(() => runs.length === 4)
  expect(runs.at(-1)).toBe('1 redriven')
})

test('behind a parked key a duplicate is not parked', async () => {
  const on = await rawBench({ subscription: { onDeadLetter: 'park-key' } })
  await on.start((each) =>
    each.handle('sub', 'step', ({ id }) => {
      if (id === '1') throw new Unrecoverable('planted')
    }),
  )
  await on.append(eventRecord('1'), eventRecord('2'), eventRecord('2'), eventRecord('1'))
  await on.committed(4)
  const { letters } = await on.inTime(on.desk.list('sub', {}))
  expect(letters.map(({ kind, origin }) => `${origin.offset} ${kind}`).toSorted()).toEqual(['0 dead', '1 parked'])
})

test('an event that the group never took is no reason to pass its repetition over', async () => {
  const on = await rawBench({ subscription: { startAt: 'latest' } })
  const seen: string[] = []
  const handle = ({ id }: { id: string }): void => void seen.push(id)
  await on.append(eventRecord('1'))
  const first = await on.start((each) => each.handle('sub', 'step', handle))
  await on.clock.advance(1_000)
  await on.append(eventRecord('2'))
  await on.committed(2)
  await first.stop()
  // The second owner reads back only as far as the group has taken.
  await on.append(eventRecord('1'), eventRecord('2'))
  await on.start((each) => each.handle('sub', 'step', handle))
  await on.committed(4)
  expect(seen).toEqual(['2', '1'])
})

test('an event in structured mode has its id in its value', async () => {
  const on = await rawBench()
  const seen: string[] = []
  await on.start((each) => each.handle('sub', 'step', ({ id }) => void seen.push(id)))
  const event = { specversion: '1.0', id: '1', source: '/t', type: 'step', data: {} }
  const headers = [['content-type', 'application/cloudevents+json']] as const
  const structured = (change: object) =>
    rawRecord(Buffer.from('a'), Buffer.from(JSON.stringify({ ...event, ...change })), headers)
  await on.append(structured({}), structured({}), structured({ id: '2' }), rawRecord(null, Buffer.from('{'), headers))
  await on.committed(4)
  expect(seen).toEqual(['1', '2'])
})

test('with `dedupe: false` each is handled', async () => {
  const on = await rawBench({ worker: { dedupe: false } })
  const seen: string[] = []
  await on.start((each) => each.handle('sub', 'step', ({ id }) => void seen.push(id)))
  await on.append(eventRecord('1'), eventRecord('1'))
  await on.committed(2)
  expect(seen).toEqual(['1', '1'])
})

test('a batch holds no duplicate', async () => {
  const on = await rawBench({ subscription: { batch: { maxEvents: 3, maxWait: '5ms' } } })
  const batches: string[] = []
  await on.start((each) =>
    each.handleBatch('sub', 'step', (events) => void batches.push(events.map(({ id }) => id).join())),
  )
  await on.append(eventRecord('1', 'a'), eventRecord('2', 'b'), eventRecord('1', 'a'), eventRecord('3', 'c'))
  await on.committed(4)
  expect(batches).toEqual(['1,2,3'])
})

test('nothing of a partition is handled before what was stored before is known; what is damaged does not stop it', async () => {
  let fault: Error | undefined
  const on = await rawBench({ log: reading(() => fault) })
  const troubles = listenTo('veltrix:worker:trouble')
  const seen: string[] = []
  const handle = ({ id }: { id: string }): void => void seen.push(id)
  const first = await on.start((each) => each.handle('sub', 'step', handle))
  await on.append(eventRecord('1'))
  await on.committed(1)
  await first.stop()
  fault = new LogUnavailable('away')
  await on.append(eventRecord('1'), eventRecord('2'))
  const second = await on.start((each) => each.handle('sub', 'step', handle))
  await on.clock.advance(5_000)
  expect(seen).toEqual(['1'])
  fault = undefined
  await on.committed(3)
  expect(seen).toEqual(['1', '2'])
  await second.stop()
  fault = new LogCorrupted('log.db', 'torn')
  await on.append(eventRecord('2'))
  await on.start((each) => each.handle('sub', 'step', handle))
  await on.committed(4)
  expect(seen).toEqual(['1', '2', '2'])
  expect([...new Set(troubles.map(({ doing, error }) => `${doing}: ${error.message}`))]).toEqual([
    'prepare a partition: away',
    expect.stringMatching(/^read back which events were stored before: .*torn/),
  ])
})

test('at least so many ids are remembered, at most twice as many, and long ones cost others their place', () => {
  const after = (count: number, length = 1): ((n: number) => unknown) => {
    const recent = new RecentIds(10)
    const take = (n: number): unknown =>
      recent.take({ source: '/t', id: `${n}`.padEnd(length, 'x'), digest: 1, offset: n })
    for (let n = 0; n < count; n++) take(n)
    return take
  }
  for (let count = 10; count < 50; count++) {
    expect(after(count)(count - 10)).toEqual({ offset: count - 10, conflict: false })
    if (count > 20) expect(after(count)(count - 21)).toBeUndefined()
  }
  expect(after(20, 400)(10)).toBeUndefined()
  expect(after(20, 400)(18)).toMatchObject({ offset: 18 })
})

test('ids of two sources are two; what is not UTF-8 has none', () => {
  const recent = new RecentIds(10)
  expect(recent.take({ source: '/a', id: '1', digest: 1, offset: 0 })).toBeUndefined()
  expect(recent.take({ source: '/b', id: '1', digest: 1, offset: 1 })).toBeUndefined()
  const texts = (id: string) => ({ text: (name: string) => (name === 'ce_id' ? id : '/t') })
  const record = { offset: 0, key: null, value: null, headers: texts('�') }
  expect(identityOf(record as never)).toBeUndefined()
  expect(identityOf({ ...record, headers: texts('1') } as never)).toMatchObject({ id: '1', source: '/t' })
})

/** Reads of the stream, not of letters, fail as told. */
function reading(fault: () => Error | undefined): BenchOptions['log'] {
  return (log) =>
    derived(log, {
      read: async (from) => {
        const error = from.topic === topic ? fault() : undefined
        if (error) throw error
        return log.read(from)
      },
    })
}

function twoEvents(): Record<string, object> {
  const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } }
  return { step: { schema, lane: 'only', key: () => 'k' }, other: { schema, lane: 'only', key: () => 'k' } }
}

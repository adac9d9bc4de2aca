/** One publisher against a scripted log. @module */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EventInvalid, EventTooLarge, EventUnknownType } from '../../src/event/index.ts'
import { Publisher, PublisherClosed, PublisherOverloaded, PublishUnknown } from '../../src/publisher/index.ts'
import { VirtualClock } from '../../src/testing/clock.ts'
import { IdConflict, LogClosed, partitionForKey, RecordTooLarge } from '../../src/transport/index.ts'
import { full, idOf, ScriptedLog, unavailable, type Answer } from '../support/scripted-log.ts'
import { checkout } from './checkout.ts'

function setUp(
  answer?: (call: number) => Answer,
  options: object = {},
  features: { appendsApart?: boolean } = {},
): { clock: VirtualClock; log: ScriptedLog; publisher: Publisher } {
  const clock = new VirtualClock()
  const log = new ScriptedLog(clock, answer, features)
  return { clock, log, publisher: new Publisher({ config: checkout(options), log, clock }) }
}

/** The value, or the error, once time has moved on. */
async function outcomeOf<T>(clock: VirtualClock, promise: Promise<T>, ms = 60_000): Promise<T | Error> {
  let outcome: T | Error | undefined
  promise.then(
    (value) => (outcome = value),
    (error: Error) => (outcome = error),
  )
  await clock.runUntil(() => outcome !== undefined, { limitMs: ms })
  return outcome ?? new Error('nothing happened')
}

/** Keys of two events that go to different partitions. */
const [well, ill] = ['a', 'b', 'c', 'd', 'e'].filter((key, _, [first]) => {
  return key === first || partitionForKey(Buffer.from(key), 4) !== partitionForKey(Buffer.from(first!), 4)
})

describe('a log that has its partitions apart', () => {
  const late = {
    delayMs: 10,
    late: {
      ms: 5_000,
      when: (record: { partition: number }) => record.partition === partitionForKey(Buffer.from(ill!), 4),
    },
  }

  test('a partition that takes long holds back its own events only, which keep their order', async () => {
    const { clock, log, publisher } = setUp((call) => (call === 0 ? late : { delayMs: 10 }), {}, { appendsApart: true })
    const done: string[] = []
    const publish = (key: string, id: string): void => {
      void publisher.publish('order.placed', { key }, { id }).then(() => done.push(id))
    }
    publish(ill!, 'ill 1')
    publish(well!, 'well 1')
    await clock.advance(11)
    expect(done).toEqual(['well 1'])
    publish(ill!, 'ill 2')
    publish(well!, 'well 2')
    await clock.advance(100)
    publish(well!, 'well 3')
    await clock.advance(20)
    expect(done).toEqual(['well 1', 'well 2', 'well 3'])
    await clock.advance(5_000)
    expect(done.slice(3)).toEqual(['ill 1', 'ill 2'])
    expect([...log.idsByKey().values()]).toContainEqual(['ill 1', 'ill 2'])
    expect(publisher.pending).toEqual({ events: 0, bytes: 0, waiting: 0 })
  })

  test('what must be sent again goes before what came later', async () => {
    const refused = {
      ...late,
      refuse: { error: full(), when: (record: { partition: number }) => late.late.when(record) },
    }
    const { clock, log, publisher } = setUp((call) => (call === 0 ? refused : {}), {}, { appendsApart: true })
    const all = [publisher.publish('order.placed', { key: ill }, { id: '1' })]
    await clock.advance(100)
    all.push(publisher.publish('order.placed', { key: ill }, { id: '2' }))
    await clock.advance(10_000)
    await Promise.all(all)
    expect([...log.idsByKey().values()]).toEqual([['1', '2']])
    expect(log.overtaken).toEqual([])
  })
})

test('a log of one queue gets one request at a time, however long that takes', async () => {
  const { clock, log, publisher } = setUp(() => ({ delayMs: 1_000 }))
  const first = publisher.publish('order.placed', { key: ill })
  await clock.advance(500)
  const second = publisher.publish('order.placed', { key: well })
  await clock.advance(499)
  expect(log.calls).toHaveLength(1)
  await clock.advance(5_000)
  await Promise.all([first, second])
  expect(log.concurrency).toBe(1)
})

describe('publish', () => {
  test('answers with the place, once the log has it', async () => {
    const { clock, log, publisher } = setUp(() => ({ delayMs: 100 }))
    let done = false
    const promise = publisher.publish('order.placed', { key: 'o-1' }).finally(() => (done = true))
    await clock.advance(99)
    expect(done).toBe(false)
    await clock.advance(1)
    const partition = partitionForKey(Buffer.from('o-1'), 4)
    const result = await promise
    expect(result).toEqual({
      id: idOf(log.records[0]!),
      topic: 'checkout.orders.standard',
      partition,
      offset: 0,
      duplicate: false,
    })
    expect(log.records[0]!.dedupe).toBeUndefined()
    expect(log.records[0]!.timestamp).toBe(clock.now() - 100)
  })

  test('callers in one go make one request; callers during it make the next', async () => {
    const { clock, log, publisher } = setUp(() => ({ delayMs: 10 }))
    const all = Array.from({ length: 50 }, (_, n) => publisher.publish('order.placed', { key: `k${n}` }))
    await clock.settle()
    all.push(...Array.from({ length: 30 }, (_, n) => publisher.publish('order.placed', { key: `k${n}` })))
    await clock.advance(50)
    await Promise.all(all)
    expect(log.calls.map((call) => call.length)).toEqual([50, 30])
    expect(log.concurrency).toBe(1)
  })

  test('requests stay within their limits; a larger event goes alone', async () => {
    const { clock, log, publisher } = setUp(undefined, { maxBatchEvents: 10, maxBatchBytes: '4KiB' })
    const sizes = [...Array.from({ length: 25 }, () => 10), 1500, 1500, 1500, 10_000, 10]
    const all = sizes.map((size) => publisher.publish('order.placed', { key: 'k', pad: 'x'.repeat(size) }))
    expect((await outcomeOf(clock, Promise.all(all))) as unknown[]).toHaveLength(30)
    for (const call of log.calls) {
      const bytes = call.reduce((sum, record) => sum + record.value!.length, 0)
      expect(call.length).toBeLessThanOrEqual(10)
      expect(bytes <= 4096 || call.length === 1).toBe(true)
    }
    expect(log.calls.length).toBeLessThan(10)
  })

  test('takes lane, id, key, time, subject and extensions', async () => {
    const { clock, log, publisher } = setUp()
    const options = { lane: 'bulk', id: 'my-id', key: 'mine', time: new Date(0), subject: 's', extensions: { x: '1' } }
    await outcomeOf(clock, publisher.publish('order.placed', { key: 'o-1' }, options))
    const record = log.records[0]!
    expect(record).toMatchObject({ topic: 'checkout.orders.bulk', timestamp: 0 })
    expect(Buffer.from(record.key!).toString()).toBe('mine')
    expect(Object.fromEntries(record.headers)).toMatchObject({ ce_id: 'my-id', ce_subject: 's', ce_x: '1' })
    expect(record.dedupe).toMatchObject({ scope: '/checkout', id: 'my-id' })
  })

  test('an id’s digest depends on type, key and payload', async () => {
    const { clock, log, publisher } = setUp()
    const calls: [string, object, object?][] = [
      ['order.placed', { key: 'a' }], ['order.placed', { key: 'a' }], ['order.placed', { key: 'a', b: 1 }],
      ['order.placed', { key: 'a' }, { key: 'b' }], ['order.exported', { key: 'a' }, { lane: 'standard' }],
    ] // prettier-ignore
    const all = calls.map(([type, data, options]) => publisher.publish(type, data, { id: 'same', ...options }))
    await outcomeOf(clock, Promise.all(all))
    const digests = calls.map(([type, data, options]) => {
      const key = (options as { key?: string } | undefined)?.key ?? 'a'
      const match = log.records.find((record) => {
        const headers = Object.fromEntries(record.headers)
        return (
          headers.ce_type === type &&
          String(Buffer.from(record.key!)) === key &&
          String(Buffer.from(record.value!)) === JSON.stringify(data)
        )
      })
      return match!.dedupe!.digest
    })
    expect(digests[0]).toBe(digests[1])
    expect(new Set(digests).size).toBe(4)
  })

  test('passes on the log’s verdicts: duplicate, conflict, too large', async () => {
    const clock = new VirtualClock()
    const verdicts = [
      { offset: 7, duplicate: true },
      { error: new IdConflict('i', 3) },
      { error: new RecordTooLarge(9, 8, 'max') },
    ]
    const log = { append: async () => [verdicts.shift()!] }
    const publisher = new Publisher({ config: checkout(), log, clock })
    const next = (): Promise<unknown> => outcomeOf(clock, publisher.publish('order.placed', { key: 'a' }, { id: 'i' }))
    expect(await next()).toMatchObject({ offset: 7, duplicate: true })
    expect(await next()).toBeInstanceOf(IdConflict)
    expect(await next()).toBeInstanceOf(RecordTooLarge)
  })

  test.each([
    ['an unknown type', ['order.plced', {}], EventUnknownType, 'Did you mean "order.placed"'],
    ['no type', [undefined, {}], EventUnknownType, 'undefined'],
    ['__proto__ as type', ['__proto__', {}], EventUnknownType, '__proto__'],
    ['a wrong payload', ['order.placed', { key: 5 }], EventInvalid, 'data.key: '],
    ['no payload', ['order.placed'], EventInvalid, 'data: '],
    ['no key', ['order.urgent', {}], EventInvalid, "data.key: is the key's field and is missing"],
    ['an empty key', ['order.placed', { key: '' }], EventInvalid, 'must not be empty'],
    ['a key of 1 MB', ['order.placed', { key: 'x'.repeat(1e6) }], EventInvalid, '1000000 bytes'],
    ['half a surrogate pair as key', ['order.placed', { key: '\ud800' }], EventInvalid, 'surrogate'],
    ['NUL in the key', ['order.placed', { key: 'a' }, { key: 'a\0' }], EventInvalid, 'key: contains U+0000'],
    [
      'a payload of 10 MB',
      ['order.placed', { key: 'a', pad: 'x'.repeat(1e7) }],
      EventTooLarge,
      'maxEventBytes allows 1048576',
    ],
    ['a cycle', ['order.urgent', cycle()], EventInvalid, 'data.self: refers back'],
    [
      '__proto__ in the payload',
      ['order.urgent', JSON.parse('{"key":"a","__proto__":{"x":1}}')],
      EventInvalid,
      '__proto__',
    ],
    ['an unknown lane', ['order.placed', { key: 'a' }, { lane: 'bluk' }], EventInvalid, 'did you mean "bulk"?'],
    [
      'an unknown option',
      ['order.placed', { key: 'a' }, { ide: '1' }],
      EventInvalid,
      'ide: is not an option of publish (did you mean "id"?)',
    ],
    ['options that are none', ['order.placed', { key: 'a' }, 'bulk'], EventInvalid, 'options: must be an object'],
    ['a wrong time', ['order.placed', { key: 'a' }, { time: 'noon' }], EventInvalid, 'time: must be'],
    [
      'an invalid Date',
      ['order.placed', { key: 'a' }, { time: new Date(Number.NaN) }],
      EventInvalid,
      'time: is an invalid Date',
    ],
    ['a wrong id', ['order.placed', { key: 'a' }, { id: 'a\nb' }], EventInvalid, 'id: contains U+000A'],
    [
      'a signal that is none',
      ['order.placed', { key: 'a' }, { signal: {} }],
      EventInvalid,
      'signal: must be an AbortSignal',
    ],
  ] as [string, [string, unknown, never?], new (...args: never[]) => Error, string][])(
    'refuses %s, and nothing reaches the log',
    async (_name, call, expected, message) => {
      const { clock, log, publisher } = setUp()
      const error = await outcomeOf(clock, publisher.publish(...call))
      expect(error).toBeInstanceOf(expected)
      expect((error as Error).message).toContain(message)
      expect(log.calls).toEqual([])
      expect(publisher.pending).toEqual({ events: 0, bytes: 0, waiting: 0 })
    },
  )

  test('keeps the order of calls while schemas take their time', async () => {
    const { clock, log, publisher } = setUp()
    const turns = [9, 0, 13, 5, 1, 0, 30, 2]
    const all = turns.map((count, n) => publisher.publish('check.slow', { key: 'k', turns: count }, { id: `i${n}` }))
    const settled = (await outcomeOf(clock, Promise.allSettled(all))) as PromiseSettledResult<unknown>[]
    expect(settled.map(({ status }) => status[0])).toEqual(['f', 'f', 'r', 'f', 'f', 'f', 'f', 'f'])
    expect(log.records.map(idOf)).toEqual(['i0', 'i1', 'i3', 'i4', 'i5', 'i6', 'i7'])
  })

  test('ids are unique and increasing while the clock goes back', async () => {
    const { clock, log, publisher } = setUp()
    const all: Promise<unknown>[] = []
    for (let n = 0; n < 100; n++) {
      clock.shiftWallClock(n % 3 === 0 ? -5000 : 10)
      all.push(publisher.publish('order.placed', { key: 'k' }))
    }
    await outcomeOf(clock, Promise.all(all))
    const ids = log.records.map(idOf)
    expect(ids).toEqual([...new Set(ids)].sort())
    expect(ids).toHaveLength(100)
  })
})

function cycle(): object {
  const value: Record<string, unknown> = { key: 'a' }
  value.self = value
  return value
}

describe('when the log fails', () => {
  test('what may pass is tried again, and followers of the partition wait, others do not', async () => {
    const { clock, log, publisher } = setUp((call) =>
      call < 3 ? { refuse: { error: full(), when: (record) => record.partition === 0 } } : {},
    )
    const keys = Array.from({ length: 40 }, (_, n) => `k${n}`)
    const first = keys.map((key) => publisher.publish('order.placed', { key }, { id: `${key}-1` }))
    await clock.advance(2)
    const second = keys.map((key) => publisher.publish('order.placed', { key }, { id: `${key}-2` }))
    await clock.advance(10)
    const stored = log.records.length
    expect(stored).toBeGreaterThan(0)
    expect(stored).toBeLessThan(80)
    expect(await outcomeOf(clock, Promise.all([...first, ...second]))).toHaveLength(80)
    expect(log.records).toHaveLength(80)
    for (const ids of log.idsByKey().values()) expect(ids[0]!.slice(0, -1) + '2').toBe(ids[1])
  })

  test('an error that stays is told, with what the log said, after the delivery time-out', async () => {
    const { clock, publisher } = setUp(() => ({ refuse: { error: full(), when: () => true } }))
    const started = clock.monotonic()
    const error = await outcomeOf(clock, publisher.publish('order.placed', { key: 'a' }))
    expect((error as { code?: string }).code).toMatch(/VLX_LOG_(FULL|UNAVAILABLE)/)
    expect((error as Error).message).toContain(full().message)
    expect(clock.monotonic() - started).toBeGreaterThanOrEqual(30_000)
    expect(clock.monotonic() - started).toBeLessThan(33_000)
    expect(publisher.pending.events).toBe(0)
  })

  test('a call without an answer about its records ends as unknown', async () => {
    const { clock, publisher } = setUp(() => ({ reject: unavailable() }))
    const error = await outcomeOf(clock, publisher.publish('order.placed', { key: 'a' }, { id: 'i' }))
    expect(error).toBeInstanceOf(PublishUnknown)
    expect(error).toMatchObject({ id: 'i', retryable: true })
  })

  test('an answer that never comes does not make callers wait for ever', async () => {
    const { clock, publisher } = setUp(() => ({ silent: true }))
    const sent = publisher.publish('order.placed', { key: 'a' })
    await clock.advance(5)
    const queued = publisher.publish('order.placed', { key: 'b' })
    const [first, second] = await Promise.all([outcomeOf(clock, sent), outcomeOf(clock, queued)])
    expect(first).toBeInstanceOf(PublishUnknown)
    expect((second as { code?: string }).code).toBe('VLX_LOG_UNAVAILABLE')
  })

  test('a closed log is not tried again', async () => {
    const { clock, log, publisher } = setUp(() => ({ reject: new LogClosed('The log is closed.') }))
    expect(await outcomeOf(clock, publisher.publish('order.placed', { key: 'a' }), 100)).toBeInstanceOf(PublishUnknown)
    expect(log.calls).toHaveLength(1)
  })

  test('an answer of the wrong length is no answer', async () => {
    const clock = new VirtualClock()
    const publisher = new Publisher({ config: checkout(), log: { append: async () => [] }, clock })
    expect(await outcomeOf(clock, publisher.publish('order.placed', { key: 'a' }))).toBeInstanceOf(PublishUnknown)
  })
})

describe('bounds', () => {
  test('publish waits for room, in order', async () => {
    const { clock, log, publisher } = setUp(() => ({ delayMs: 10 }), { maxPendingEvents: 20 })
    const all = Array.from({ length: 200 }, (_, n) => publisher.publish('order.placed', { key: 'k' }, { id: `${n}` }))
    let most = 0
    await clock.runUntil(() => {
      most = Math.max(most, publisher.pending.events)
      return log.records.length === 200
    })
    await Promise.all(all)
    expect(most).toBeLessThanOrEqual(20)
    expect(log.records.map(idOf)).toEqual(all.map((_, n) => `${n}`))
  })

  test('bytes are bounded too', async () => {
    const { clock, publisher } = setUp(() => ({ delayMs: 10 }), { maxPendingBytes: '64KiB', maxEventBytes: '32KiB' })
    const all = Array.from({ length: 50 }, () =>
      publisher.publish('order.placed', { key: 'k', pad: 'x'.repeat(10_000) }),
    )
    await clock.settle()
    expect(publisher.pending.bytes).toBeLessThanOrEqual(64 * 1024 + 32 * 1024)
    expect(publisher.pending.waiting).toBeGreaterThan(30)
    expect(await outcomeOf(clock, Promise.all(all))).toHaveLength(50)
  })

  test('or rejects when told so', async () => {
    const { clock, publisher } = setUp(undefined, { maxPendingEvents: 10, whenFull: 'reject' })
    const all = Array.from({ length: 12 }, () => publisher.publish('order.urgent', { key: 'k' }))
    const settled = (await outcomeOf(clock, Promise.allSettled(all))) as PromiseSettledResult<unknown>[]
    const errors = settled.filter((one) => one.status === 'rejected').map((one) => one.reason as PublisherOverloaded)
    expect(errors).toHaveLength(2)
    expect(errors[0]).toBeInstanceOf(PublisherOverloaded)
    expect(errors[0]!.pendingEvents).toBe(10)
    expect(errors[0]!.pendingBytes).toBeGreaterThan(2000)
  })

  test('a flood leaves room for urgent events, which go first', async () => {
    const { clock, log, publisher } = setUp(() => ({ delayMs: 10 }), { maxPendingEvents: 100, maxBatchEvents: 20 })
    const flood = Array.from({ length: 300 }, (_, n) => publisher.publish('order.exported', { key: `k${n}` }))
    await clock.settle()
    const urgent = publisher.publish('order.urgent', { key: 'u' })
    await clock.advance(25)
    await urgent
    expect(log.calls[1]![0]!.topic).toBe('checkout.orders.critical')
    expect(await outcomeOf(clock, Promise.all(flood))).toHaveLength(300)
  })

  test('urgent events do not starve the others', async () => {
    const { clock, log, publisher } = setUp(() => ({ delayMs: 10 }), { maxBatchEvents: 20, maxPendingEvents: 2000 })
    const all = Array.from({ length: 1000 }, () => publisher.publish('order.urgent', { key: 'u' }))
    all.push(...Array.from({ length: 40 }, () => publisher.publish('order.exported', { key: 'k' })))
    await outcomeOf(clock, Promise.all(all))
    const bulk = log.calls
      .slice(0, 20)
      .flat()
      .filter((record) => record.topic.endsWith('.bulk'))
    expect(bulk.length).toBeGreaterThanOrEqual(20)
  })
})

describe('signals', () => {
  test('before: nothing happens', async () => {
    const { clock, log, publisher } = setUp()
    const reason = new Error('too late')
    expect(
      await outcomeOf(clock, publisher.publish('order.placed', { key: 'a' }, { signal: AbortSignal.abort(reason) })),
    ).toBe(reason)
    expect(log.calls).toEqual([])
  })

  test('while waiting for room, or queued: not published', async () => {
    const { clock, log, publisher } = setUp(() => ({ delayMs: 100 }), { maxPendingEvents: 2 })
    const abort = new AbortController()
    const keep = publisher.publish('order.urgent', { key: 'a' }, { id: 'keep' })
    await clock.settle()
    const { signal } = abort
    const stopped = Promise.allSettled([
      publisher.publish('order.urgent', { key: 'a' }, { id: 'queued', signal }),
      publisher.publish('order.urgent', { key: 'a' }, { id: 'waiting', signal }),
    ])
    const behind = publisher.publish('order.urgent', { key: 'a' }, { id: 'behind' })
    const reason = new Error('stop')
    abort.abort(reason)
    expect(await stopped).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
    await outcomeOf(clock, Promise.all([keep, behind]))
    expect(log.records.map(idOf)).toEqual(['keep', 'behind'])
    expect(publisher.pending).toEqual({ events: 0, bytes: 0, waiting: 0 })
  })

  test('once sent: unknown', async () => {
    const { clock, log, publisher } = setUp(() => ({ delayMs: 100 }))
    const abort = new AbortController()
    const sent = publisher.publish('order.placed', { key: 'a' }, { signal: abort.signal })
    await clock.settle()
    abort.abort(new Error('stop'))
    await expect(sent).rejects.toBeInstanceOf(PublishUnknown)
    await clock.advance(200)
    expect(log.records).toHaveLength(1)
    expect(publisher.pending.events).toBe(0)
  })
})

describe('flush and close', () => {
  test('flush waits for what came before it only', async () => {
    const { clock, log, publisher } = setUp(() => ({ delayMs: 10 }), { maxBatchEvents: 1 })
    await publisher.flush()
    void publisher.publish('order.placed', { key: 'a' })
    void publisher.publish('order.placed', { key: 'a' })
    const flushed = publisher.flush()
    void publisher.publish('order.placed', { key: 'a' })
    let storedThen = 0
    await outcomeOf(
      clock,
      flushed.then(() => (storedThen = log.records.length)),
    )
    expect(storedThen).toBe(2)
  })

  test('close sends the rest, refuses what waits and what comes', async () => {
    const { clock, log, publisher } = setUp(() => ({ delayMs: 10 }), { maxPendingEvents: 2 })
    const all = Array.from({ length: 4 }, () => publisher.publish('order.urgent', { key: 'a' }))
    const many = publisher.publishMany(Array.from({ length: 3 }, () => ({ type: 'order.urgent', data: { key: 'a' } })))
    const settled = Promise.allSettled(all)
    const closed = publisher.close()
    expect(publisher.close()).toBe(closed)
    expect(await outcomeOf(clock, publisher.publish('order.urgent', { key: 'a' }))).toBeInstanceOf(PublisherClosed)
    await outcomeOf(clock, closed)
    expect((await settled).map(({ status }) => status[0])).toEqual(['f', 'f', 'r', 'r'])
    expect((await many).map((outcome) => !outcome.ok && outcome.error.constructor)).toEqual([
      PublisherClosed,
      PublisherClosed,
      PublisherClosed,
    ])
    expect(log.records).toHaveLength(2)
    await clock.advance(5000)
    expect(clock.pendingTimers).toBe(0)
  })
})

test('tells its channels', async () => {
  const heard: [string, Record<string, unknown>][] = []
  const listen = (message: unknown, name: string | symbol): void => void heard.push([String(name), message as never])
  for (const name of ['acked', 'failed', 'batch']) {
    subscribe(`veltrix:publisher:${name}`, listen)
    onTestFinished(() => void unsubscribe(`veltrix:publisher:${name}`, listen))
  }
  const tooLarge = new RecordTooLarge(9, 8, 'max')
  const { clock, publisher } = setUp(() => ({
    delayMs: 10,
    refuse: { error: tooLarge, when: (record) => record.topic.endsWith('.bulk') },
  }))
  const all = ['order.placed', 'order.placed', 'order.exported'].map((type) => publisher.publish(type, { key: 'k' }))
  await outcomeOf(clock, Promise.allSettled(all))
  await clock.settle()
  const bytes = expect.any(Number) as number
  expect(heard).toEqual([
    ['veltrix:publisher:failed', { lane: 'bulk', stream: 'orders', events: 1, durationMs: 10, error: tooLarge }],
    ['veltrix:publisher:batch', { events: 3, bytes, durationMs: 10 }],
    ['veltrix:publisher:acked', { lane: 'standard', stream: 'orders', events: 2, bytes, durationMs: 10 }],
  ])
})

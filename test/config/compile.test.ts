/** The compile step: defaults, and every problem at once. @module */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compile, ConfigInvalid, defineVeltrix, event, masked } from '../../src/config/index.ts'

const order = z.object({ orderId: z.string(), total: z.number() })

/** A definition that is right, changed. */
function definition(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    app: 'checkout',
    streams: { orders: { key: 'orderId', events: { 'order.placed': event(order), 'order.exported': event(order) } } },
    subscriptions: { billing: { events: ['order.placed'] } },
    ...change,
  }
}

function problemsOf(input: unknown): string[] {
  try {
    compile(input)
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error
    for (const { path, message } of error.problems)
      expect(error.message).toContain(path === '' ? message : `${path}: ${message}`)
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
  return []
}

function streamWith(change: Record<string, unknown>): Record<string, unknown> {
  return definition({ streams: { orders: { key: 'orderId', events: { 'order.placed': event(order) }, ...change } } })
}

function subscriptionWith(change: Record<string, unknown>): Record<string, unknown> {
  return definition({ subscriptions: { billing: { events: ['order.placed'], ...change } } })
}

describe('defaults', () => {
  const config = compile(definition())

  test('lanes', () => {
    expect(config.lanes).toEqual([
      { name: 'critical', index: 0, weight: 8, minShare: 0.01 },
      { name: 'standard', index: 1, weight: 3, minShare: 0.01 },
      { name: 'bulk', index: 2, weight: 1, minShare: 0.05 },
    ])
  })

  test('streams and events', () => {
    expect(config.source).toBe('/checkout')
    expect(config.streams.get('orders')).toMatchObject({
      partitions: 12,
      retentionMs: 7 * 86_400_000,
      retentionBytes: Infinity,
      compaction: false,
      topicVersion: 1,
      settings: {},
    })
    expect([...config.streams.get('orders')!.topics]).toEqual([
      ['critical', 'checkout.orders.critical'],
      ['standard', 'checkout.orders.standard'],
      ['bulk', 'checkout.orders.bulk'],
    ])
    expect(config.events.get('order.placed')).toMatchObject({ stream: 'orders', lane: 'standard', secret: [] })
  })

  test('subscriptions', () => {
    const { topics, ...billing } = config.subscriptions.get('billing')!
    expect(billing).toEqual({
      name: 'billing',
      group: 'checkout.billing',
      events: new Set(['order.placed']),
      concurrency: 64,
      timeoutMs: 30_000,
      retry: { attempts: 5, backoffMinMs: 200, backoffMaxMs: 30_000 },
      onDeadLetter: 'continue',
      deadTopic: 'checkout.billing.dead',
      auditTopic: 'checkout.billing.dead.audit',
      deadRetentionMs: 14 * 86_400_000,
      deadSettings: {},
      breaker: { minKeys: 5, failingShare: 0.5, windowKeys: 20, probeMinMs: 1000, probeMaxMs: 30_000 },
      inboxWindowMs: 15 * 86_400_000,
      batch: undefined,
      startAt: 'earliest',
      exactlyOnce: false,
    })
    expect(topics.map(({ topic }) => topic)).toEqual([
      'checkout.orders.critical',
      'checkout.orders.standard',
      'checkout.orders.bulk',
    ])
  })

  test('settings of topics come from the stream, then from all, and are checked', () => {
    const { streams, subscriptions } = compile(
      definition({
        topics: { replicationFactor: 3, minInsyncReplicas: 2 },
        streams: {
          orders: {
            key: 'orderId',
            topicVersion: 2,
            compaction: true,
            minInsyncReplicas: 1,
            maxMessageSize: '2MiB',
            events: { 'order.placed': event(order) },
          },
        },
        subscriptions: { billing: { events: ['order.placed'], dead: { replicationFactor: 2 } } },
      }),
    )
    const orders = streams.get('orders')!
    expect(orders.settings).toEqual({ replicationFactor: 3, minInsyncReplicas: 1, maxMessageBytes: 2 * 1024 ** 2 })
    expect(orders.topics.get('bulk')).toBe('checkout.orders.v2.bulk')
    expect(subscriptions.get('billing')!.deadSettings).toMatchObject({ replicationFactor: 2, minInsyncReplicas: 2 })
    expect(
      problemsOf(definition({ topics: { replicationFactor: 1, minInsyncReplicas: 2, maxMessageSize: 1 } })),
    ).toEqual([
      'topics.maxMessageSize: 1 is out of range; allowed: from 4KiB to 1GiB',
      'topics.minInsyncReplicas: minInsyncReplicas (2) is above replicationFactor (1): nothing could ever be stored',
    ])
  })

  test('publisher, worker, transport', () => {
    expect(config.publisher).toEqual({
      maxPendingEvents: 10_000, maxPendingBytes: 32 * 1024 ** 2, whenFull: 'wait', maxBatchEvents: 2000, maxBatchBytes: 1024 ** 2, maxEventBytes: 1024 ** 2,
    }) // prettier-ignore
    expect(config.worker).toEqual({
      scheduling: 'weighted', maxBufferedBytes: 16 * 1024 ** 2, maxAheadRecords: 10_000, commitIntervalMs: 100,
      drainTimeoutMs: 30_000, revokeTimeoutMs: 10_000, sessionTimeoutMs: 10_000, stallAfterMs: 60_000, dedupe: { maxIds: 2000, always: false },
    }) // prettier-ignore
    expect(config.transport).toBe('embedded')
  })
})

describe('what is written is taken', () => {
  test('lanes by their order, one alone as everybody’s default', () => {
    const config = compile(definition({ lanes: { now: { weight: 2 }, standard: {}, later: { minShare: 0.5 } } }))
    expect(config.lanes.map(({ name, index }) => [name, index])).toEqual([['now', 0], ['standard', 1], ['later', 2]]) // prettier-ignore
    expect(compile(definition({ lanes: { only: {} } })).events.get('order.placed')!.lane).toBe('only')
  })

  test('foreign records: kept as dead, or adopted as an event of their stream', () => {
    const foreign = (given: unknown) => compile(streamWith({ foreign: given })).streams.get('orders')!.adopt
    expect(foreign('dead-letter')).toBeUndefined()
    expect(foreign({ adopt: 'order.placed' })).toBe('order.placed')
    expect(() => foreign('adopt')).toThrow(
      'streams.orders.foreign: "adopt" is neither "dead-letter" nor { adopt: type }',
    )
    expect(() => foreign({ adopt: 'order.place' })).toThrow(
      'streams.orders.foreign.adopt: "order.place" is no event of this stream, did you mean "order.placed"?',
    )
    expect(() => foreign({})).toThrow('streams.orders.foreign.adopt: undefined is no event of this stream')
  })

  test('duplicates by id: left alone, always removed, or with a window of its own', () => {
    const dedupe = (given: unknown): unknown => compile(definition({ worker: { dedupe: given } })).worker.dedupe
    expect(dedupe(false)).toBeUndefined()
    expect(dedupe({ always: true })).toEqual({ maxIds: 2000, always: true })
    expect(dedupe({ maxIds: 10 })).toEqual({ maxIds: 10, always: false })
    expect(() => dedupe(true)).toThrow('worker.dedupe: true is not a plain object')
    expect(() => dedupe({ always: 'yes' })).toThrow('worker.dedupe.always: "yes" is neither true nor false')
  })

  test('strict scheduling lets a lane have no share', () => {
    const config = compile(
      definition({ worker: { scheduling: 'strict' }, lanes: { a: { minShare: 0 }, standard: {} } }),
    )
    expect(config.lanes.map((lane) => lane.minShare)).toEqual([0, 0])
  })

  test('options in their units', () => {
    const config = compile(
      subscriptionWith({
        timeout: '1.5s', retry: { attempts: 1, backoff: { min: 10, max: '1m' } }, deadRetention: 'forever', batch: {}, breaker: { probe: '5s..1m' },
      }), // prettier-ignore
    )
    expect(config.subscriptions.get('billing')).toMatchObject({
      timeoutMs: 1500,
      retry: { attempts: 1, backoffMinMs: 10, backoffMaxMs: 60_000 },
      deadRetentionMs: Infinity,
      batch: { maxEvents: 100, maxWaitMs: 50 },
      breaker: { probeMinMs: 5000, probeMaxMs: 60_000 },
    })
  })

  test('a subscription reads only streams that carry its events', () => {
    const streams = {
      a: { key: 'orderId', events: { x: event(order) } },
      b: { key: 'orderId', events: { y: event(order) } },
    }
    const { topics } = compile(definition({ streams, subscriptions: { s: { events: ['y'] } } })).subscriptions.get('s')!
    expect(new Set(topics.map(({ stream }) => stream))).toEqual(new Set(['b']))
  })

  test('a transport as a value', () => {
    const transport = { name: 'x', features: {}, open: () => undefined }
    expect(compile(definition({ transport })).transport).toBe(transport)
  })
})

describe('problems', () => {
  test('all at once, with path, value and what is allowed', () => {
    const problems = problemsOf({
      app: 'Check Out',
      lanes: { critical: { wieght: 3 }, dead: {}, standard: { minShare: 0.9 }, bulk: { minShare: 0.2 } },
      streams: {
        orders: {
          partitions: 0,
          retention: '7x',
          events: { 'order.placed': event(order, { lane: 'critcal' as never }), other: order },
        },
        more: { key: 'id', events: { 'order.placed': event(order) } },
      },
      subscriptions: {
        billing: { events: ['order.plced'], concurency: 5, retry: { attempts: 101, backoff: '30s..1s' } },
        none: { events: [] },
      },
      publisher: { maxEventBytes: '64MiB', whenFull: 'drop' },
      transport: 'kafka',
      routes: [{ when: 'x' }],
      prioritys: 1,
    })
    for (const expected of [
      'prioritys: there is no such option',
      'app: "Check Out" is not a name',
      'lanes.critical.wieght: there is no such option, did you mean "weight"?',
      'lanes.dead: is taken',
      'lanes: the minShare of all lanes add up to 1.12',
      'streams.orders.partitions: 0 is not a whole number from 1 to 1000',
      'streams.orders.retention: "7x" is not a duration such as "200ms"',
      'streams.orders.events["order.placed"].lane: there is no lane "critcal", did you mean "critical"? Allowed: "critical"',
      'streams.orders.events["order.placed"]: has no key',
      'streams.orders.events.other: is a schema; wrap it',
      'streams.more.events["order.placed"]: is declared in the stream "orders" already',
      'subscriptions.billing.events[0]: no stream declares the event "order.plced", did you mean "order.placed"?',
      'subscriptions.billing.concurency: there is no such option, did you mean "concurrency"?',
      'subscriptions.billing.retry.attempts: 101 is not a whole number from 1 to 100',
      'subscriptions.billing.retry.backoff: begins at 30s, above its end 1s',
      'subscriptions.none.events: lists no event',
      'publisher.maxEventBytes: maxEventBytes (64MiB) is above maxPendingBytes (32MiB)',
      'publisher.whenFull: "drop" is not allowed; allowed: "wait", "reject"',
      'transport: there is no transport "kafka"',
      'routes: routes are not available yet',
    ]) {
      expect(
        problems.filter((problem) => problem.startsWith(expected)),
        `${expected}\n${problems.join('\n')}`,
      ).toHaveLength(1)
    }
  })

  test.each([
    [{}, 'app: is missing'],
    [{}, 'streams: names no stream'],
    [definition({ app: 'x'.repeat(65) }), 'app:'],
    [definition({ source: 'a b' }), 'source: "a b" must be a URI'],
    [definition({ lanes: {} }), 'lanes: names no lane'],
    [
      definition({ lanes: { a: {}, b: {} } }),
      'streams.orders.events["order.placed"].lane: is missing, and there is no lane "standard"',
    ],
    [definition({ lanes: { standard: { weight: 0 } } }), 'lanes.standard.weight: 0 is not a number from 0.001 to 1000'],
    [definition({ lanes: { standard: { minShare: 0 } } }), 'lanes.standard.minShare: 0 is not a number from 0.01 to 1'],
    [
      definition({ lanes: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`l${n}`, {}])) }),
      'lanes: has 17 lanes; at most 16',
    ],
    [definition({ streams: { 'a.b': {} } }), 'streams["a.b"]: "a.b" is not a name'],
    [definition({ streams: { a_b: {} } }), 'streams.a_b: "a_b" is not a name'],
    [streamWith({ events: {} }), 'streams.orders.events: names no event'],
    [streamWith({ key: '' }), 'streams.orders.key: "" is neither'],
    [streamWith({ key: 5 }), 'streams.orders.key: 5 is neither'],
    [streamWith({ partitions: 1.5 }), 'streams.orders.partitions: 1.5'],
    [streamWith({ partitions: '12' }), 'streams.orders.partitions: "12"'],
    [streamWith({ retentionSize: '1mb' }), 'streams.orders.retentionSize: "1mb" is not a size'],
    [streamWith({ events: { '': event(order) } }), 'streams.orders.events[""]: the event type must not be empty'],
    [
      streamWith({ events: { a: { schema: { parse() {} } } } }),
      'streams.orders.events.a.schema: an object is not a Standard Schema v1',
    ],
    [
      streamWith({ events: { a: event(order, { secret: ['a..b', 5 as never] } as never) } }),
      'streams.orders.events.a.secret[1]: 5',
    ],
    [
      streamWith({ events: { a: event(order, { pii: ['a..b'] } as never) } }),
      'streams.orders.events.a.pii[0]: "a..b" is not a path',
    ],
    [subscriptionWith({ events: 'order.placed' }), 'subscriptions.billing.events: "order.placed" is not a list'],
    [
      subscriptionWith({ events: ['order.placed', 'order.placed'] }),
      'subscriptions.billing.events[1]: "order.placed" is listed twice',
    ],
    [subscriptionWith({ timeout: 0 }), 'subscriptions.billing.timeout: 0 is out of range; allowed: from 1ms to 24d'],
    [subscriptionWith({ timeout: Infinity }), 'subscriptions.billing.timeout: Infinity is not a duration'],
    [subscriptionWith({ retry: { backoff: '1s' } }), 'subscriptions.billing.retry.backoff: "1s" is not a range'],
    [subscriptionWith({ retry: { backoff: 5 } }), 'subscriptions.billing.retry.backoff: 5 is not a plain object'],
    [subscriptionWith({ retry: null }), 'subscriptions.billing.retry: null is not a plain object'],
    [
      subscriptionWith({ breaker: { minKeys: 30, windowKeys: 10 } }),
      'subscriptions.billing.breaker.windowKeys: 10 is below minKeys',
    ],
    [subscriptionWith({ onDeadLetter: 'park' }), 'subscriptions.billing.onDeadLetter: "park" is not allowed'],
    [definition({ transport: {} }), 'transport: an object is neither'],
  ])('%#: %j', (input, expected) => {
    const problems = problemsOf(input)
    expect(problems).toContainEqual(expect.stringContaining(expected))
  })
})

describe('definitions nobody checked', () => {
  class Lanes {
    critical = {}
  }
  const cyclic: Record<string, unknown> = definition()
  cyclic.lanes = cyclic
  ;(cyclic.streams as { orders: Record<string, unknown> }).orders.events = cyclic
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()

  test.each([
    ['undefined', undefined, 'there is none'],
    ['null', null, 'null is not a plain object'],
    ['text', 'x', '"x" is not a plain object'],
    ['a list', [], 'a list is not a plain object'],
    ['a function', () => 1, 'a function is not a plain object'],
    ['an instance', new Lanes(), 'an instance of Lanes is not a plain object'],
    ['an instance inside', definition({ lanes: new Lanes() }), 'lanes: an instance of Lanes is not a plain object'],
    ['a list inside', definition({ streams: [] }), 'streams: a list is not a plain object'],
    ['a Map', definition({ streams: new Map() }), 'streams: an instance of Map'],
    ['own __proto__', { ...definition(), ...JSON.parse('{"lanes":{"__proto__":{"weight":3}}}') }, 'lanes.__proto__: "__proto__" is not a name'],
    ['top __proto__', JSON.parse('{"__proto__":{"app":"x"}}'), '__proto__: there is no such option'],
    ['a cycle', cyclic, 'lanes.app: "checkout" is not a plain object'],
    ['a revoked proxy', definition({ worker: revoked.proxy }), 'worker: cannot be read'],
    ['a revoked proxy as events', definition({ subscriptions: { a: { events: revoked.proxy } } }), 'subscriptions.a.events: cannot be read'],
    ['a schema whose getter throws', streamWith({ events: { a: { schema: { get '~standard'() { throw new Error('x') } } } } }), 'streams.orders.events.a.schema'],
  ] as [string, unknown, string][])('%s', (_name, input, expected) => {
    const problems = problemsOf(input)
    expect(problems).toContainEqual(expect.stringContaining(expected))
  }) // prettier-ignore

  test('a getter that throws', () => {
    const input = definition()
    Object.defineProperty(input, 'lanes', { enumerable: true, get() { throw new Error('boom') } }) // prettier-ignore
    expect(problemsOf(input)).toContain('lanes: cannot be read: boom')
  })

  test('nothing makes it crash', () => {
    const hostile = fc.anything({
      withNullPrototype: true,
      withMap: true,
      withSet: true,
      withDate: true,
      withBigInt: true,
      withSparseArray: true,
      withTypedArray: true,
    })
    const names = ['app', 'source', 'lanes', 'streams', 'subscriptions', 'publisher', 'worker', 'transport', 'routes']
    fc.assert(
      fc.property(fc.constantFrom(...names), hostile, fc.boolean(), (name, value, nested) => {
        problemsOf(definition({ [name]: value }))
        if (nested)
          problemsOf(
            definition({
              [name]: { a: value, orders: value, billing: { events: value, retry: value, breaker: value } },
            }),
          )
      }),
      { numRuns: 500 },
    )
  })
})

test('fields about persons are masked like secrets', () => {
  const schema = z.object({ id: z.string(), card: z.string(), name: z.string() })
  const events = { a: event(schema, { secret: ['card'], pii: ['name', 'card'] }) }
  const config = compile(defineVeltrix({ app: 'shop', streams: { orders: { key: 'id', events } } }))
  expect(config.events.get('a')!.secret).toEqual(['card', 'name'])
  expect(masked({ id: '1', card: '4111', name: 'Ada' }, 'a', config)).toEqual({ id: '1', card: '***', name: '***' })
})

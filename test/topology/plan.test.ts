/**
 * Plans as a pure function: what each difference becomes, and what can never be in one.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { partitionForKey } from '../../src/transport/index.ts'
import { compile, defineVeltrix, event } from '../../src/config/index.ts'
import { movingShare } from '../../src/topology/key-moves.ts'
import { movesTo } from '../../src/topology/placement.ts'
import { blockedIn, desiredOf, nothingAllowed, plan, stepsOf, summaryOf } from '../../src/topology/index.ts'
import type { Actual, Allowances, Desired, DesiredTopic } from '../../src/topology/index.ts'
import { marksOf, markDifferences } from '../../src/topology/plan-file.ts'
import { able, actualWith, after, clusterOf, owning, topicOf } from './world.ts'

const order = z.object({ orderId: z.string() })
function shop(options: object = {}, stream: object = {}, schema: z.ZodType = order): Desired {
  return desiredOf(
    compile(
      defineVeltrix({
        app: 'shop',
        lanes: { standard: {} },
        streams: { orders: { key: 'orderId', partitions: 4, ...stream, events: { 'order.placed': event(schema) } } },
        subscriptions: { billing: { events: ['order.placed'] } },
        ...options,
      } as never),
    ),
  )
}

/** Everything as `desired` wants it, and owned. */
function settled(desired: Desired, more: Partial<Actual> = {}): Actual {
  let actual = actualWith([], more)
  for (const step of stepsOf(plan(desired, actual, able, nothingAllowed))) actual = after(actual, step)
  return actual
}

const lines = (desired: Desired, actual: Actual, allowed: Partial<Allowances> = {}): string[] =>
  plan(desired, actual, able, { ...nothingAllowed, ...allowed }).changes.map(
    ({ symbol, subject, what }) => `${symbol} ${subject}: ${what}`,
  )

const main = 'shop.orders.standard'

describe('a plan', () => {
  test('makes everything on an empty cluster, the ledger first, and then nothing', () => {
    const desired = shop({ topics: { replicationFactor: 3, minInsyncReplicas: 2 } })
    const made = lines(desired, actualWith([]))
    expect(made[0]).toBe(
      '+ shop._topology: 1 partition, retention.ms forever, retention.bytes unlimited, compaction (cleanup.policy) on',
    )
    expect(made).toContain(
      `+ ${main}: 4 partitions, 3 copies, retention.ms 7d, retention.bytes unlimited, min.insync.replicas 2`,
    )
    expect(made.map((line) => line.split(':')[0])).toEqual([
      '+ shop._topology',
      `+ ${main}`,
      '+ shop.billing.dead',
      '+ shop.billing.dead.audit',
      '+ event order.placed',
    ])
    const done = plan(desired, settled(desired), able, nothingAllowed)
    expect(summaryOf(done)).toBe('Nothing to do: the log is as the typed file says.')
  })

  test('changes settings that are said, and leaves alone those that are not', () => {
    const actual = settled(shop())
    expect(lines(shop({}, { retention: '1d', compaction: true, maxMessageSize: '2MiB' }), actual)).toEqual([
      `~ ${main}: retention.ms 7d → 1d`,
      `~ ${main}: compaction (cleanup.policy) off → on`,
      `~ ${main}: max.message.bytes 1048588B → 2MiB`,
      '~ shop.billing.dead: max.message.bytes 1048588B → 2052KiB',
      '~ shop.billing.dead.audit: max.message.bytes 1048588B → 2052KiB',
    ])
    // Three copies were made; who says nothing about copies does not change them, on fewer brokers either.
    expect(lines(shop(), { ...actual, cluster: clusterOf(1) })).toEqual([])
  })

  test('adds copies before it asks for more in sync, and takes them away after', () => {
    const one = shop({ topics: { replicationFactor: 1, minInsyncReplicas: 1 } })
    const three = shop({ topics: { replicationFactor: 3, minInsyncReplicas: 2 } })
    const up = lines(three, settled(one)).filter((line) => line.includes(main))
    expect(up).toEqual([`~ ${main}: replication factor 1 → 3`, `~ ${main}: min.insync.replicas 1 → 2`])
    const down = lines(one, settled(three)).filter((line) => line.includes(main))
    expect(down).toEqual([`~ ${main}: min.insync.replicas 2 → 1`, `~ ${main}: replication factor 3 → 1`])
    const { details, reason } = plan(three, settled(one), able, nothingAllowed).changes.find(
      ({ subject, kind }) => subject === main && kind === 'replicas',
    )!
    expect(details![0]).toBe('partition 0: brokers 1 → 1,2,3 (2000B)')
    expect(reason).toContain('copies 8000B')
  })

  test('spreads copies over racks', () => {
    const one = shop({ topics: { replicationFactor: 1, minInsyncReplicas: 1 } })
    const two = shop({ topics: { replicationFactor: 2, minInsyncReplicas: 1 } })
    const cluster = clusterOf(4, 2)
    const changes = plan(two, { ...settled(one, { cluster }), cluster }, able, nothingAllowed).changes
    const moves = changes.flatMap((change) => (change.kind === 'replicas' ? change.moves : []))
    expect(moves.length).toBeGreaterThan(4)
    for (const { to } of moves) expect(new Set(to.map((id) => id % 2)).size).toBe(2)
    // A broker of another rack comes first, also when it has more to do; in one rack the one that has least.
    const at = (...replicas: number[]) => ({ replicas, inSync: replicas, adding: [], removing: [] })
    const busy = {
      ...topicOf({ name: 'shop.x', partitions: 1, retentionMs: 1, retentionBytes: 1 }, 1),
      partitions: [at(1), at(3, 4), at(3, 4)],
    }
    const brokers = [{ id: 1, rack: 'a' }, { id: 2, rack: 'a' }, { id: 3, rack: 'b' }, { id: 4, rack: 'b' }] // prettier-ignore
    expect(movesTo(2, busy, brokers)).toMatchObject([{ partition: 0, from: [1], to: [1, 3] }])
    expect(movesTo(3, busy, brokers).map(({ to }) => to)).toEqual([[1, 3, 2], [3, 4, 1], [3, 4, 2]]) // prettier-ignore
    expect(movesTo(1, busy, brokers).map(({ to }) => to)).toEqual([[3], [3]])
  })

  test('more copies than brokers, or fewer copies than must be in sync, are refused', () => {
    const desired = shop({ topics: { replicationFactor: 3 } })
    expect(lines(desired, actualWith([], { cluster: clusterOf(2) }))).toContain(`! ${main}: cannot have 3 copies`)
    const actual = settled(shop({ topics: { replicationFactor: 1 } }))
    expect(lines(shop({ topics: { minInsyncReplicas: 2 } }), actual)).toContain(
      `! ${main}: min.insync.replicas 2 is above its 1 copies`,
    )
  })

  test('never lowers partitions; raises them only when allowed, and says how many keys move', () => {
    const actual = settled(shop())
    const lower = plan(shop({}, { partitions: 2 }), actual, able, { ...nothingAllowed, repartition: true })
    expect(stepsOf(lower)).toEqual([])
    expect(blockedIn(lower)[0]).toMatchObject({ subject: main, what: 'partitions 4 → 2' })
    const [raise] = plan(shop({}, { partitions: 6 }), actual, able, nothingAllowed).changes
    expect(raise).toMatchObject({ symbol: '!', kind: 'blocked', what: 'partitions 4 → 6' })
    expect(raise!.reason).toContain('67 % of keys move')
    expect(raise!.details![0]).toContain('topicVersion')
    expect(lines(shop({}, { partitions: 6 }), actual, { repartition: true })).toEqual([`! ${main}: partitions 4 → 6`])
  })

  test('a new version is made only when nothing of the old one waits', () => {
    const next = shop({}, { topicVersion: 2, partitions: 8 })
    const actual = settled(shop())
    const waiting = { ...actual, undone: new Map([[main, new Map([['billing', 7]])]]) }
    const [refused] = blockedIn(plan(next, waiting, able, nothingAllowed))
    expect(refused!.reason).toContain(`7 event(s) of ${main} by billing`)
    const made = plan(next, actual, able, nothingAllowed)
    expect(made.changes[0]).toMatchObject({ symbol: '+', subject: 'shop.orders.v2.standard' })
    expect(made.notes).toEqual([`${main} left the typed file and stays; --allow-delete removes it with its events`])
    expect(stepsOf(plan(next, waiting, able, { ...nothingAllowed, undrained: true }))).toHaveLength(1)
  })

  test('removes only what the ledger owns, and only when allowed', () => {
    const both = shop({ subscriptions: { billing: { events: ['order.placed'] }, mail: { events: ['order.placed'] } } })
    const foreign = topicOf({ name: 'shop.reports', partitions: 1, retentionMs: 1, retentionBytes: 1 }, 3)
    const before = settled(both)
    const actual = { ...before, topics: new Map([...before.topics, [foreign.name, foreign] as const]) }
    expect(lines(shop(), actual)).toEqual([])
    expect(plan(shop(), actual, able, nothingAllowed).notes).toContain(
      'shop.reports is not ours (neither in the typed file nor in the ledger), and is left alone',
    )
    expect(lines(shop(), actual, { delete: true })).toEqual([
      '- shop.mail.dead: removed with its events',
      '- shop.mail.dead.audit: removed with its events',
    ])
    // Made again by somebody else in the meantime: not ours any more.
    const again = topicOf({ name: 'shop.mail.dead', partitions: 1, retentionMs: 1, retentionBytes: 1 }, 3)
    const other = { ...actual, topics: new Map([...actual.topics, [again.name, again] as const]) }
    expect(lines(shop(), other, { delete: true })).toEqual(['- shop.mail.dead.audit: removed with its events'])
  })

  test('adopts a topic of the same shape, and refuses one of another', () => {
    const spec = { name: main, partitions: 4, retentionMs: 1000, retentionBytes: Infinity }
    const same = lines(shop(), actualWith([topicOf(spec, 3)]))
    expect(same).toContain(`~ ${main}: adopted`)
    expect(same).toContain(`~ ${main}: retention.ms 1s → 7d`)
    // Owned once, and made again by somebody else: it is taken anew, with a line.
    const before = settled(shop())
    const again = { ...before.topics.get(main)!, id: 'another' }
    const { changes } = plan(
      shop(),
      { ...before, topics: new Map([...before.topics, [main, again]]) },
      able,
      nothingAllowed,
    )
    expect(changes).toMatchObject([{ kind: 'adopt', subject: main, reason: expect.stringContaining('made again') }])
    const other = lines(shop(), actualWith([topicOf({ ...spec, partitions: 5 }, 3)]))
    expect(other.filter((line) => line.includes(main))).toEqual([
      `! ${main}: is not ours: it has 5 partitions, the typed file says 4`,
    ])
  })

  test('a schema that breaks readers fails the plan, with field and rule; accepted, it is a step', () => {
    const actual = settled(shop())
    const stricter = shop({}, {}, z.object({ orderId: z.string(), total: z.number() }))
    const [refused] = blockedIn(plan(stricter, actual, able, nothingAllowed))
    expect(refused).toMatchObject({ subject: 'event order.placed' })
    expect(refused!.details![0]).toBe('data.total: is required now; stored events may lack it (required-added)')
    const accepted = plan(stricter, actual, able, { ...nothingAllowed, breaking: new Set(['order.placed']) })
    expect(stepsOf(accepted)).toMatchObject([{ kind: 'schema', symbol: '!', type: 'order.placed' }])
    const wider = shop({}, {}, z.object({ orderId: z.string(), total: z.number().optional() }))
    expect(lines(wider, actual)).toEqual(['~ event order.placed: schema changed'])
  })

  test('a log without copies is planned for what it has', () => {
    const abilities = { sets: ['retentionMs', 'retentionBytes'] as const, replicates: false, addsPartitions: false }
    const desired = shop({ topics: { replicationFactor: 3, minInsyncReplicas: 2 } }, { compaction: true })
    const { changes } = plan(desired, actualWith([], { cluster: clusterOf(0) }), abilities, nothingAllowed)
    expect(blockedIn({ app: 'shop', changes, warnings: [], notes: [] })).toEqual([])
    expect(changes[1]!.what).toBe('4 partitions, retention.ms 7d, retention.bytes unlimited')
  })
})

const names = ['shop.a.standard', 'shop.b.standard', 'shop.c.dead', 'shop.d.dead.audit']
const specs = fc.record({
  partitions: fc.integer({ min: 1, max: 4 }),
  retentionMs: fc.constantFrom(1000, 2000, Infinity),
  retentionBytes: fc.constantFrom(4096, Infinity),
  compaction: fc.option(fc.boolean(), { nil: undefined }),
  replicationFactor: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  minInsyncReplicas: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
  maxMessageBytes: fc.option(fc.constantFrom(5000, 6000), { nil: undefined }),
})
const some = fc.uniqueArray(fc.constantFrom(...names))
const arbitrary = fc.record({
  desired: fc.tuple(some, fc.array(specs, { minLength: 4, maxLength: 4 })),
  actual: fc.tuple(some, fc.array(specs, { minLength: 4, maxLength: 4 })),
  owned: some,
  brokers: fc.integer({ min: 1, max: 4 }),
  allowed: fc.record({ delete: fc.boolean(), repartition: fc.boolean(), undrained: fc.boolean() }),
})

function world({
  desired,
  actual,
  owned,
  brokers,
  allowed,
}: typeof arbitrary extends fc.Arbitrary<infer T> ? T : never) {
  const wanted: DesiredTopic[] = desired[0].map((name, index) => ({ ...desired[1][index]!, name, purpose: 'drawn' }))
  const states = actual[0].map((name, index) => topicOf({ ...actual[1][index]!, name }, brokers))
  return {
    desired: { app: 'shop', topics: wanted, schemas: new Map() } satisfies Desired,
    actual: actualWith(states, {
      cluster: clusterOf(brokers),
      ledger: owning(states.filter(({ name }) => owned.includes(name))),
    }),
    allowed: { ...allowed, breaking: new Set<string>() },
  }
}

describe('whatever is drawn', () => {
  test('a plan that was applied leaves nothing to do but what it refused', () => {
    fc.assert(
      fc.property(arbitrary, (drawn) => {
        const { desired, actual, allowed } = world(drawn)
        const first = plan(desired, actual, able, allowed)
        let now = actual
        for (const step of stepsOf(first)) now = after(now, step)
        const second = plan(desired, now, able, allowed)
        expect(stepsOf(second)).toEqual([])
        if (blockedIn(first).length === 0) expect(blockedIn(second)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('stopped after any step and planned again it ends where it would have ended', () => {
    fc.assert(
      fc.property(arbitrary, fc.nat(20), (drawn, stop) => {
        const { desired, actual, allowed } = world(drawn)
        const settings = (end: Actual): unknown =>
          [...end.topics.values()].map((topic) => ({ ...topic, id: undefined }))
        let whole = actual
        let cut = actual
        const steps = stepsOf(plan(desired, actual, able, allowed))
        for (const step of steps) whole = after(whole, step)
        for (const step of steps.slice(0, stop)) cut = after(cut, step)
        for (const step of stepsOf(plan(desired, cut, able, allowed))) cut = after(cut, step)
        expect(settings(cut)).toEqual(settings(whole))
      }),
      { numRuns: 300 },
    )
  })

  test('partitions are never lowered, nothing goes unasked, and what is not ours is not touched', () => {
    fc.assert(
      fc.property(arbitrary, (drawn) => {
        const { desired, actual, allowed } = world(drawn)
        for (const step of stepsOf(plan(desired, actual, able, allowed))) {
          const state = actual.topics.get(step.subject)
          const owned = actual.ledger.topics.has(step.subject)
          const wanted = desired.topics.find(({ name }) => name === step.subject)
          if (step.kind === 'partitions') expect(step.to).toBeGreaterThan(state!.partitions.length)
          if (step.kind === 'delete') expect(allowed.delete && owned && wanted === undefined).toBe(true)
          if (step.kind === 'create') expect(state).toBeUndefined()
          // Adopted only with the same shape; then it is ours.
          if (!owned && state !== undefined) expect(wanted?.partitions).toBe(state.partitions.length)
          if (step.kind === 'replicas') {
            for (const { from, to, partition } of step.moves) {
              expect(to[0]).toBe(from[0])
              expect(new Set(to).size).toBe(to.length)
              expect(to).toHaveLength(step.copies)
              expect(from).toEqual(state!.partitions[partition]!.replicas)
            }
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  test('the share of moving keys is what partitionForKey does', () => {
    for (const [before, after] of [
      [4, 6],
      [12, 24],
      [3, 5],
      [1, 2],
      [7, 7],
    ] as const) {
      // prettier-ignore
      const keys = Array.from({ length: 40_000 }, (_, index) => Buffer.from(`key-${index}`))
      const moved = keys.filter((key) => partitionForKey(key, before) !== partitionForKey(key, after)).length
      expect(Math.abs(moved / keys.length - movingShare(before, after))).toBeLessThan(0.015)
    }
  })

  test('a change of anything a plan is made from is seen, and one of leaders or sizes is not', () => {
    const actual = settled(shop())
    const [name, state] = [...actual.topics].find(([topic]) => topic === main)!
    const withState = (changed: object): Actual => ({
      ...actual,
      topics: new Map([...actual.topics, [name, { ...state, ...changed }]]),
    })
    const differs = (next: Actual): readonly string[] => markDifferences(marksOf(actual), marksOf(next))
    expect(differs(withState({ retentionMs: 5 }))).toEqual([`topic ${main} has changed`])
    const moved = state.partitions.map((each) => ({ ...each, replicas: [9] }))
    expect(differs(withState({ partitions: moved }))).toEqual([`topic ${main} has changed`])
    expect(differs(withState({ id: 'another' }))).toEqual([`topic ${main} has changed`])
    expect(differs({ ...actual, cluster: clusterOf(4) })).toEqual(['brokers has changed'])
    const partitions = state.partitions.map((each) => ({ ...each, inSync: [], bytes: 7 }))
    expect(differs(withState({ partitions }))).toEqual([])
  })
})

/**
 * What one owner of a partition leaves to the next, and what an owner that lost it may still do: on a simulated log, where the moments
 * that matter can be met.
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expect, onTestFinished, test } from 'vitest'
import { compile, type CompiledConfig } from '../../src/config/index.ts'
import { DeadLetterIndex, DeadLetters, letterRecord } from '../../src/deadletter/index.ts'
import { VirtualClock } from '../../src/testing/clock.ts'
import { partitionForKey, type AppendRecord, type CommitPosition } from '../../src/transport/index.ts'
import { decodeCommitState, Unrecoverable, Worker, type AnyHandler } from '../../src/worker/index.ts'
import { noFaults, simulatedTransport, type SimulatedLog } from '../support/simulated-log.ts'

const topic = 'app.s.only'
const schema: StandardSchemaV1 = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
}

function configOf(subscription: object, partitions = 1): CompiledConfig {
  return compile({
    app: 'app',
    lanes: { only: {} },
    streams: { s: { partitions, events: { step: event() } } },
    subscriptions: { sub: { events: ['step'], retry: { attempts: 2, backoff: '1ms..2ms' }, ...subscription } },
    worker: { revokeTimeout: '200ms', sessionTimeout: '1s' },
    transport: 'embedded',
  })
}

function event(): object {
  return { schema, lane: 'only', key: () => 'k' }
}

/** An application on a simulated log, with time in the test's hand. */
async function bench(subscription: object, partitions = 1) {
  const config = configOf(subscription, partitions)
  const sub = config.subscriptions.get('sub')!
  const clock = new VirtualClock({ turns: 0 })
  const transport = simulatedTransport({ clock, latency: () => 1 })
  const { cluster } = transport
  const keep = { retentionMs: Infinity, retentionBytes: Infinity }
  cluster.createTopics([{ name: topic, partitions, ...keep }])
  cluster.createTopics([sub.deadTopic, sub.auditTopic].map((name) => ({ name, partitions: 1, ...keep })))
  const log = await transport.open({ clientId: 'test' })
  const opened: SimulatedLog[] = [log]
  onTestFinished(() => opened.forEach((each) => each.crash()))
  const index = new DeadLetterIndex(log, sub)
  return {
    sub,
    clock,
    cluster,
    log,
    desk: new DeadLetters({ log, config, clock, by: 'desk' }),
    publish: (key: string) => inTime(clock, log.append([recordOf(key, partitions)])),
    letters: async () => {
      await inTime(clock, index.refresh())
      return [...index.unresolved()].map(({ origin, status }) => `${origin.offset} ${status}`)
    },
    start: async (client: string, handle: (worker: Worker) => void) => {
      const own = await transport.open({ clientId: client })
      opened.push(own)
      const worker = new Worker({ config, log: own, clock, random: () => 0, clientId: client })
      handle(worker)
      void worker.start()
      return own
    },
  }
}

function recordOf(key: string, partitions: number): AppendRecord {
  const bytes = Buffer.from(key)
  const attributes = { specversion: '1.0', id: 'e', source: '/t', type: 'step', time: '2026-01-01T00:00:00Z' }
  const headers = Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value] as const)
  return {
    topic,
    partition: partitionForKey(bytes, partitions),
    key: bytes,
    value: Buffer.from('{}'),
    headers: [...headers, ['content-type', 'application/json']],
    timestamp: 0,
  }
}

async function inTime<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let ended = false
  const end = (): void => {
    ended = true
  }
  promise.then(end, end)
  await clock.runUntil(() => ended)
  return promise
}

const failing: AnyHandler = () => {
  throw new Unrecoverable('planted')
}

test('a batch is cut short for the partition that goes; events of the one that stays start again, uncounted', async () => {
  const on = await bench({ batch: { maxEvents: 2, maxWait: '1ms' }, timeout: '60s' }, 2)
  const [first, second] = ['a', 'b', 'c', 'd'].filter((key, at, all) => {
    const partition = partitionForKey(Buffer.from(key), 2)
    return all.findIndex((other) => partitionForKey(Buffer.from(other), 2) === partition) === at
  })
  const calls: string[] = []
  await on.start('w', (worker) =>
    worker.handleBatch('sub', 'step', async (events, { events: contexts, signal }) => {
      calls.push(events.map(({ key }, at) => `${key} ${contexts[at]!.attempt}`).join())
      if (calls.length > 1) return
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    }),
  )
  await on.publish(first!)
  await on.publish(second!)
  await on.clock.runUntil(() => calls.length > 0)
  on.cluster.group(on.sub.group).shake(() => 0)
  await on.clock.advance(2_000)
  expect(calls[0]).toBe(`${first} 1,${second} 1`)
  expect(calls.slice(1).toSorted()).toEqual([`${first} 1`, `${second} 1`])
})

test('a letter that is asked for again while it is still in its queue runs again', async () => {
  const on = await bench({ onDeadLetter: 'continue' })
  const runs: boolean[] = []
  await on.start('w', (worker) =>
    worker.handle('sub', 'step', (_, { redriven }) => {
      runs.push(redriven)
      throw new Unrecoverable('planted')
    }),
  )
  await on.publish('a')
  await on.clock.advance(1_000)
  // Following hears late how the first redrive ended; the worker's own look for it fails, and it looks again after 500 ms.
  let failed = false
  const slow = (): { unavailable: true } | { delayMs: number } => {
    if (runs.length === 1 || failed) return { delayMs: 300 }
    failed = true
    return { unavailable: true }
  }
  on.cluster.faults = {
    read: (from, client) => (client === 'w' && from.topic === on.sub.auditTopic ? slow() : undefined),
  }
  await inTime(on.clock, on.desk.redrive('sub', { all: true }))
  await on.clock.advance(400)
  on.cluster.faults = noFaults
  expect(failed).toBe(true)
  expect(await on.letters()).toEqual(['0 dead'])
  await inTime(on.clock, on.desk.redrive('sub', { all: true }))
  await on.clock.advance(5_000)
  expect(runs).toEqual([false, true, true])
  expect(await on.letters()).toEqual(['0 dead'])
})

test.each(['before', 'after'] as const)(
  'what was kept, and discarded %s the next owner comes, does not run again',
  async (when) => {
    const on = await bench({ onDeadLetter: 'continue', retry: { attempts: 2, backoff: '1ms..2ms' } })
    let attempts = 0
    const dying = await on.start('dying', (worker) =>
      worker.handle('sub', 'step', () => {
        attempts++
        throw new Error('planted')
      }),
    )
    // The letter is kept, and the commit that would say so is not stored any more.
    on.cluster.faults = { commit: () => (attempts > 1 ? 'refused' : undefined) }
    await on.publish('a')
    await on.clock.advance(1_000)
    dying.crash()
    on.cluster.faults = noFaults
    const discard = () => inTime(on.clock, on.desk.discard('sub', { all: true }, { reason: 'not needed' }))
    if (when === 'before') await discard()
    // Its record comes late enough for a person to be quicker.
    else on.cluster.faults = { fetch: () => ({ delayMs: 3_000 }) }
    const runs: string[] = []
    await on.start('next', (worker) => worker.handle('sub', 'step', (one) => void runs.push(one.key)))
    await on.clock.advance(2_000)
    if (when === 'after') await discard()
    await on.clock.advance(6_000)
    expect(runs).toEqual([])
    const [group] = await inTime(on.clock, on.log.admin.groups([on.sub.group]))
    expect(group!.positions[0]!.offset).toBe(1)
  },
)

test('suspicion outlives an owner that hands over before it has looked', async () => {
  const on = await bench({})
  let started = false
  const dying = await on.start('dying', (worker) =>
    worker.handle('sub', 'step', () => {
      started = true
      return new Promise(() => {})
    }),
  )
  await on.publish('a')
  await on.clock.runUntil(() => started)
  dying.crash()
  on.cluster.faults = { fetch: () => ({ delayMs: 60_000 }) }
  const between = await on.start('between', (worker) => worker.handle('sub', 'step', () => {}))
  await on.clock.advance(2_000)
  await inTime(on.clock, between.close())
  on.cluster.faults = noFaults
  // Counted before it starts, for it may have been what ended the first one.
  const counted: unknown[] = []
  await on.start('next', (worker) =>
    worker.handle('sub', 'step', (_, { attempt }) => {
      const [{ offset, metadata }] = on.cluster.group(on.sub.group).positions as [CommitPosition]
      counted.push(attempt, decodeCommitState(offset, metadata).attemptsAt(0)?.attempts)
    }),
  )
  await on.clock.advance(1_000)
  expect(counted).toEqual([1, 1])
})

test('a parked letter kept by who had lost the partition is ended when its event is over', async () => {
  const on = await bench({ onDeadLetter: 'park-key' })
  const runs: number[] = []
  await on.start('w', (worker) => worker.handle('sub', 'step', (_, { offset }) => void runs.push(offset)))
  await on.publish('a')
  await on.clock.advance(1_000)
  const record = { ...recordOf('a', 1), offset: 0 }
  const headers = new Map(record.headers.map(([name, value]) => [name, Buffer.from(value)]))
  const kept = letterRecord(on.sub, {
    subscription: 'sub',
    kind: 'parked',
    reason: 'parked-behind',
    attempts: 0,
    firstAttemptAt: 0,
    lastAttemptAt: 0,
    deadAt: 5,
    origin: { topic, partition: 0, offset: 0 },
    lane: 'only',
    stream: 's',
    record: {
      ...record,
      bytes: 0,
      headers: {
        get: (name) => headers.get(name),
        text: (name) => headers.get(name)?.toString(),
        [Symbol.iterator]: () => headers[Symbol.iterator](),
      },
    },
  })
  await inTime(on.clock, on.log.append([kept]))
  await on.clock.advance(2_000)
  expect(await on.letters()).toEqual([])
  await on.publish('a')
  await on.clock.advance(1_000)
  expect(runs).toEqual([0, 1])
})

test('a letter discarded while its record is read gives the turn to the next of its key', async () => {
  const on = await bench({ onDeadLetter: 'park-key' })
  const runs: string[] = []
  await on.start('w', (worker) =>
    worker.handle('sub', 'step', (one, context) => {
      runs.push(`${context.offset}${context.redriven ? ' again' : ''}`)
      if (context.offset === 0) return failing(one, context)
      return undefined
    }),
  )
  await on.publish('a')
  await on.clock.advance(1_000)
  await on.publish('a')
  await on.clock.advance(1_000)
  expect(await on.letters()).toEqual(['0 dead', '1 parked'])
  // One read of the dead topic, that of the letter itself, takes long.
  on.cluster.faults = {
    read: ({ topic: read }, client) => (client === 'w' && read === on.sub.deadTopic ? { delayMs: 300 } : undefined),
  }
  await inTime(on.clock, on.desk.redrive('sub', { ids: [`${topic}/0/0`] }))
  await inTime(on.clock, on.desk.discard('sub', { ids: [`${topic}/0/0`] }, { reason: 'not needed' }))
  await on.clock.advance(5_000)
  expect(runs).toEqual(['0', '1 again'])
  expect(await on.letters()).toEqual([])
})

test.each([
  ['asked for after a worker died runs as if none had', false, ['redrive-requested', 'redriven']],
  [
    'under way when a worker died is called failed first, in case it is what killed it',
    true,
    ['redrive-requested', 'redrive-failed', 'redriven'],
  ],
])('a letter %s, and its redrive is reported as it ended', async (_, before, actions) => {
  const on = await bench({ onDeadLetter: 'continue' })
  let redriven = 0
  const life = (hangs: boolean) => (worker: Worker) =>
    worker.handle('sub', 'step', (_event, context) => {
      if (!context.redriven) throw new Unrecoverable('planted')
      redriven++
      return hangs ? new Promise(() => {}) : undefined
    })
  const first = await on.start('w1', life(true))
  await on.publish('a')
  await on.clock.advance(1_000)
  const ask = (): ReturnType<typeof on.desk.redrive> =>
    on.desk.redrive('sub', { all: true }, { rate: Infinity, wait: true })
  const early = before ? ask() : undefined
  if (before) await on.clock.runUntil(() => redriven === 1)
  first.crash()
  await on.start('w2', life(false))
  await on.clock.advance(3_000)
  expect(await inTime(on.clock, early ?? ask())).toMatchObject([{ outcome: 'redriven' }])
  const audit = await inTime(on.clock, on.desk.audit('sub'))
  expect(audit.map(({ action }) => action).toSorted()).toEqual(actions.toSorted())
})

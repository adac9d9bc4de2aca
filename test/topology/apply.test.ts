/**
 * Plans applied to a real cluster of three brokers: what is there afterwards, after a kill in the middle too, and who comes second.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { nothingAllowed, planFile, planFor, ledgerTopic } from '../../src/topology/index.ts'
import { Lock } from '../../src/topology/lock.ts'
import type { CompiledConfig } from '../../src/config/index.ts'
import { defineVeltrix, event, veltrix, type Definition } from '../../src/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import type { Log, TopicState } from '../../src/transport/index.ts'
import { Member } from '../conformance/member.ts'
import { missingKafka } from '../support/kafka-cluster.ts'
import { sharedKafka } from '../support/kafka-shared.ts'
import { requirePart } from '../support/parts.ts'
import { applied, openLog, order, shopConfig } from './kafka-shop.ts'

const missing = missingKafka()
let brokers: readonly string[] = []
let log: Log
let apps = 0
const directory = mkdtempSync(join(tmpdir(), 'veltrix-plan-'))

beforeAll(async () => {
  if ((await missing) !== undefined) return
  brokers = await sharedKafka()
  log = await openLog(brokers)
}, 180_000)
afterAll(async () => {
  await log?.close()
  rmSync(directory, { recursive: true, force: true })
})
beforeEach(({ skip }) => requirePart({ skip }, 'Kafka', () => missing))

const newApp = (): string => `plan-${process.pid}-${++apps}`
const topic = async (name: string): Promise<TopicState | undefined> =>
  (await log.admin.topology!.topics(name)).find((each) => each.name === name)
const planned = (config: CompiledConfig, allowed = {}) =>
  planFor({ log, config, allowed: { ...nothingAllowed, ...allowed } })

/** Runs a child that kills itself after `steps`; resolves to the signal it ended by. */
function killedAfter(app: string, steps: number, options: object, file?: string): Promise<string | null> {
  const child = join(import.meta.dirname, 'apply-child.ts')
  const args = [
    child,
    brokers.join(','),
    app,
    `${steps}`,
    JSON.stringify(options),
    ...(file === undefined ? [] : [file]),
  ]
  const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  return new Promise((resolve) => process_.once('exit', (_, signal) => resolve(signal)))
}

test('makes what is missing, changes what differs, and then has nothing to do', async () => {
  const app = newApp()
  const stream = { retention: '2h', retentionSize: '1GiB', compaction: true, maxMessageSize: '2MiB' }
  const config = shopConfig({ app, stream, topics: { replicationFactor: 2, minInsyncReplicas: 1 } })
  expect((await applied(log, config)).steps).toHaveLength(6)
  expect(await topic(`${app}.orders.urgent`)).toMatchObject({
    retentionMs: 7_200_000,
    retentionBytes: 1024 ** 3,
    compaction: true,
    minInsyncReplicas: 1,
    maxMessageBytes: 2 * 1024 ** 2,
    partitions: [{ replicas: [expect.any(Number), expect.any(Number)] }, { replicas: expect.any(Array) }],
  })
  expect(await applied(log, config)).toEqual({ steps: [], outcome: 'nothing' })

  const next = shopConfig({
    app,
    stream: { retention: 'forever', compaction: false },
    topics: { replicationFactor: 2 },
  })
  const { steps } = await applied(log, next)
  expect(steps).toContain(`~ ${app}.orders.urgent: compaction (cleanup.policy) on → off`)
  expect(await topic(`${app}.orders.urgent`)).toMatchObject({
    retentionMs: Infinity,
    compaction: false,
    minInsyncReplicas: 1,
  })
  expect((await planned(next)).plan.changes).toEqual([])
}, 60_000)

test('moves copies, shows how far it is, and only then asks for more of them in sync', async () => {
  const app = newApp()
  await applied(log, shopConfig({ app, topics: { replicationFactor: 1, minInsyncReplicas: 1 } }))
  const config = shopConfig({ app, topics: { replicationFactor: 3, minInsyncReplicas: 2 } })
  const moved: number[] = []
  const { steps } = await applied(log, config, { moved: (_, done) => moved.push(done), throttleBytes: 50_000_000 })
  const ofUrgent = steps.filter((line) => line.includes('orders.urgent'))
  expect(ofUrgent).toEqual([
    `~ ${app}.orders.urgent: replication factor 1 → 3`,
    `~ ${app}.orders.urgent: min.insync.replicas 1 → 2`,
  ])
  expect(moved.at(-1)).toBeGreaterThan(0)
  const state = (await topic(`${app}.orders.urgent`))!
  for (const { replicas, inSync, adding } of state.partitions) {
    expect(new Set(replicas).size).toBe(3)
    expect(inSync).toHaveLength(3)
    expect(adding).toEqual([])
  }
  expect((await planned(config)).plan.changes).toEqual([])
}, 90_000)

test('raises partitions only when allowed, and removes only what is ours and left the file', async () => {
  const app = newApp()
  await applied(log, shopConfig({ app, subscriptions: ['billing', 'mail'] }))
  const foreign = { name: `${app}.reports`, partitions: 1, retentionMs: Infinity, retentionBytes: Infinity }
  await log.admin.createTopics([foreign])
  const config = shopConfig({ app, stream: { partitions: 4 } })
  await expect(applied(log, config)).rejects.toMatchObject({ code: 'VLX_PLAN_BLOCKED' })
  const { steps } = await applied(log, config, { allowed: { repartition: true, delete: true } })
  expect(steps).toContain(`! ${app}.orders.urgent: partitions 2 → 4`)
  expect(steps).toContain(`- ${app}.mail.dead: removed with its events`)
  expect((await topic(`${app}.orders.urgent`))!.partitions).toHaveLength(4)
  expect(await topic(`${app}.mail.dead`)).toBeUndefined()
  expect(await topic(foreign.name)).toBeDefined()
  await expect(applied(log, shopConfig({ app }))).rejects.toMatchObject({ code: 'VLX_PLAN_BLOCKED' })
}, 60_000)

test('killed after any step it is applied again and ends the same', async () => {
  const options = { topics: { replicationFactor: 2, minInsyncReplicas: 1 } }
  const app = newApp()
  const config = shopConfig({ app, ...options })
  // The dead child's lock has to end first: apply waits for it.
  for (const steps of [1, 2]) expect(await killedAfter(app, steps, options)).toBe('SIGKILL')
  const left = await planned(config)
  expect(left.actual.ledger.begun).toMatchObject({ by: 'child-2' })
  expect(left.plan.changes.length).toBeGreaterThan(0)
  await applied(log, config)
  const after = await planned(config)
  expect(after.plan.changes).toEqual([])
  expect(after.actual.ledger.begun).toBeUndefined()
  expect([...after.actual.ledger.topics.keys()].toSorted()).toEqual(
    [
      ledgerTopic(app),
      `${app}.orders.urgent`,
      `${app}.orders.standard`,
      `${app}.billing.dead`,
      `${app}.billing.dead.audit`,
    ].toSorted(),
  )
}, 120_000)

test('killed while copies move, a plan file that was begun can be gone on with', async () => {
  const app = newApp()
  await applied(log, shopConfig({ app, topics: { replicationFactor: 1 } }))
  const options = { topics: { replicationFactor: 2 } }
  const config = shopConfig({ app, ...options })
  const { desired, actual, plan } = await planned(config)
  const file = planFile(desired, actual, nothingAllowed, plan, systemClock.now())
  const path = join(directory, `${app}.json`)
  writeFileSync(path, JSON.stringify(file))
  expect(await killedAfter(app, 0, options, path)).toBe('SIGKILL')
  expect((await applied(log, config, { file })).outcome).toBe('applied')
  expect((await planned(config)).plan.changes).toEqual([])
}, 90_000)

test('a plan file is refused when cluster or typed file have changed since', async () => {
  const app = newApp()
  const config = shopConfig({ app })
  const { desired, actual, plan } = await planned(config)
  const file = planFile(desired, actual, nothingAllowed, plan, systemClock.now())
  await expect(applied(log, shopConfig({ app, stream: { retention: '3d' } }), { file })).rejects.toMatchObject({
    code: 'VLX_PLAN_STALE',
    differences: ['the typed file has changed'],
  })
  const spec = { name: `${app}.orders.urgent`, partitions: 2, retentionMs: 5_000, retentionBytes: Infinity }
  await log.admin.createTopics([spec])
  await expect(applied(log, config, { file })).rejects.toMatchObject({
    code: 'VLX_PLAN_STALE',
    differences: [`topic ${app}.orders.urgent is new`],
  })
  expect(await topic(ledgerTopic(app))).toBeUndefined()
}, 60_000)

test('who comes second is told who applies and since when, and goes on when the first has ended', async () => {
  const app = newApp()
  const config = shopConfig({ app })
  const first = await openLog(brokers, 'first@here:1')
  const second = await openLog(brokers, 'second@here:2')
  let release = (): void => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const outcome = await new Promise<unknown>((resolve, reject) => {
    const lock = { log: first, topic: ledgerTopic(app), clock: systemClock, by: 'first@here:1' }
    void (async () => {
      await first.admin.topology!.create({
        name: lock.topic,
        partitions: 1,
        retentionMs: Infinity,
        retentionBytes: Infinity,
      })
      const mine = await Lock.acquire({ ...lock, timeoutMs: 0, sessionTimeoutMs: 2_000 })
      const refused = await applied(second, config, { lockTimeoutMs: 0, by: 'second@here:2' }).catch(
        (error: unknown) => error,
      )
      void held.then(() => mine.release())
      resolve(refused)
    })().catch(reject)
  })
  expect(outcome).toMatchObject({
    code: 'VLX_PLAN_LOCKED',
    holder: 'first@here:1',
    since: expect.stringMatching(/^20\d\d-/),
  })
  const waiting = applied(second, config, { lockTimeoutMs: 30_000 })
  release()
  expect((await waiting).outcome).toBe('applied')
  await Promise.all([first.close(), second.close()])
}, 60_000)

test('a lock is free when its holder has ended, also where members are static', async () => {
  const topic = ledgerTopic(newApp())
  const members = kafka({ brokers, instanceId: 'static', heartbeatInterval: 200 })
  const held = await members.open({ clock: systemClock, clientId: 'first@here:1' })
  await held.admin.topology!.create({ name: topic, partitions: 1, retentionMs: Infinity, retentionBytes: Infinity })
  const how = { topic, clock: systemClock, by: 'first@here:1', timeoutMs: 0, sessionTimeoutMs: 60_000 }
  await (await Lock.acquire({ log: held, ...how })).release()
  // No waiting: a static member would be in the group for its session of a minute.
  await (await Lock.acquire({ log, ...how })).release()
  await held.close()
}, 60_000)

test('marks of transactions behind the last event are no events that wait', async () => {
  const app = newApp()
  const stream = (type: string) => ({ key: 'orderId', partitions: 1, events: { [type]: event(order) } })
  const definition = defineVeltrix({
    app,
    lanes: { standard: {} },
    streams: { orders: stream('order.placed'), copies: stream('order.copied') },
    subscriptions: { relay: { events: ['order.placed'], exactlyOnce: true }, end: { events: ['order.copied'] } },
  } as never)
  const copied: string[] = []
  const transport = kafka({ brokers, heartbeatInterval: 200 })
  const running = veltrix(definition as Definition<any>, { transport })
    .handle('relay', 'order.placed', async ({ data }, ctx) => void (await ctx.publish('order.copied', data as never)))
    .handle('end', 'order.copied', async ({ data }) => void copied.push((data as { orderId: string }).orderId))
  await running.start()
  await running.publish('order.placed', { orderId: 'o-1' } as never)
  await expect.poll(() => copied, { timeout: 60_000 }).toEqual(['o-1'])
  await running.stop()
  const name = `${app}.copies.standard`
  const [{ end } = { end: 0 }] = await log.admin.offsets([name])
  // As a worker leaves it that ends between the event and the mark.
  const member = await (await Member.join(log, `${app}.end`, [name])).holding(1)
  await member.commit(name, 0, end - 1)
  expect((await planned(running.config)).actual.undone).toEqual(new Map())
}, 120_000)

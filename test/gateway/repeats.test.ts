/** What `source` and `id` promise, on the embedded log and on a real Kafka: the same sentences for both. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest'
import type { GatewayApp } from '../../src/gateway/index.ts'
import type { TogetherReader, Transport } from '../../src/transport/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import { missingKafka } from '../support/kafka-cluster.ts'
import { quietPorts } from '../support/haproxy.ts'
import { sharedKafka } from '../support/kafka-shared.ts'
import { requirePart } from '../support/parts.ts'
import { Child } from '../support/child.ts'
import { binary, problemIn, runningOn, structured } from './running.ts'

let names = 0
const freshName = (): string => `repeats-${process.pid}-${++names}`

/** One log, opened as often as it is asked for. */
type OpenLog = (context: TestContext) => Promise<() => Transport>

const onEmbedded: OpenLog = () => {
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-repeats-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return Promise.resolve(() => embedded({ directory, durability: 'none' }))
}

const onKafka: OpenLog = async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const brokers = await sharedKafka()
  return () => kafka({ brokers })
}

type Running = Awaited<ReturnType<typeof runningOn>>

const send = ({ post }: Running, id: string, body = '{"orderId":"o-1"}', more: Record<string, string> = {}) =>
  post('/events', binary(id, more), body)
const isReplayed = (response: Response): boolean => response.headers.get('idempotency-replayed') === 'true'

interface Ids {
  readonly state: string
  readonly windowMs: number
  readonly remembered: number
  readonly behind: number
}

async function idsOf({ url }: Running): Promise<Ids> {
  return ((await (await fetch(`${url}/readyz`)).json()) as { ids: Ids }).ids
}

/** Until `gateway` knows of so many events that others stored. */
function learnt(gateway: Running, count: number): Promise<void> {
  return expect.poll(async () => (await idsOf(gateway))?.remembered, { timeout: 30_000 }).toBe(count)
}

describe.each<[string, OpenLog]>([
  ['the embedded log', onEmbedded],
  ['Kafka', onKafka],
])('on %s', (where, openLog) => {
  const timeout = 180_000

  test(
    'a repeat is stored once and gets the first answer; another payload, key or type is 422; another source another event',
    async (context) => {
      const gateway = await runningOn((await openLog(context))(), { name: freshName() })
      const first = await send(gateway, 'a')
      const again = await send(gateway, 'a')
      expect([first.status, isReplayed(first)]).toEqual([202, false])
      expect([again.status, isReplayed(again)]).toEqual([202, true])
      expect(await again.json()).toEqual(await first.json())
      const others = [
        await send(gateway, 'a', '{"orderId":"o-1","total":2}'),
        await send(gateway, 'a', '{"orderId":"o-2"}'),
        await send(gateway, 'a', '{"orderId":"o-1"}', { 'ce-type': 'order.exported' }),
      ]
      for (const other of others) {
        expect([other.status, (await problemIn(other)).type]).toEqual([422, 'urn:veltrix:problem:id-conflict'])
      }
      expect(isReplayed(await send(gateway, 'a', undefined, { 'ce-source': '/till/8' }))).toBe(false)
      expect(await gateway.stored()).toHaveLength(2)
    },
    timeout,
  )

  test(
    'in a batch, repeats and conflicts are told at their places and the others stored',
    async (context) => {
      const gateway = await runningOn((await openLog(context))(), { name: freshName() })
      await send(gateway, 'a')
      await send(gateway, 'b')
      const batch = [
        structured('new 1'),
        structured('a'),
        structured('b', { data: { orderId: 'o-9' } }),
        structured('new 2', { data: { orderId: 'o-3' } }),
      ]
      const type = 'application/cloudevents-batch+json'
      const post = () => gateway.post('/events', { 'content-type': type }, JSON.stringify(batch))
      const results = async (response: Response) =>
        ((await response.json()) as { results: { status: number; replayed?: boolean }[] }).results.map(
          ({ status, replayed = false }) => [status, replayed],
        )
      expect(await results(await post())).toEqual([
        [202, false],
        [202, true],
        [422, false],
        [202, false],
      ])
      expect(await results(await post())).toEqual([
        [202, true],
        [202, true],
        [422, false],
        [202, true],
      ])
      expect(await gateway.stored()).toHaveLength(4)
    },
    timeout,
  )

  test(
    'the same id 100 times at once is one event; the others are told that it is under way, or was there',
    async (context) => {
      const gateway = await runningOn((await openLog(context))(), { name: freshName() })
      const answers = await Promise.all(Array.from({ length: 100 }, () => send(gateway, 'a')))
      const statuses = answers.map(({ status }) => status)
      expect(statuses.filter((status) => status !== 202 && status !== 409)).toEqual([])
      expect(answers.filter((each) => each.status === 202 && !isReplayed(each))).toHaveLength(1)
      expect(await gateway.stored()).toHaveLength(1)
    },
    timeout,
  )

  test(
    'a repeat at another gateway, and at one that is started again, is the first',
    async (context) => {
      const open = await openLog(context)
      const name = freshName()
      const one = await runningOn(open(), { name })
      const other = await runningOn(open(), { name })
      await send(one, 'a')
      if (where === 'Kafka') await learnt(other, 1)
      expect(isReplayed(await send(other, 'a'))).toBe(true)
      expect((await send(other, 'a', '{"orderId":"o-2"}')).status).toBe(422)
      await send(other, 'b')
      await Promise.all([one.close(), other.close()])
      const again = await runningOn(open(), { name })
      expect(isReplayed(await send(again, 'a'))).toBe(true)
      expect((await send(again, 'b', '{"orderId":"o-2"}')).status).toBe(422)
      expect(await again.stored()).toHaveLength(2)
    },
    timeout,
  )
})

test('on Kafka, of more ids than are kept the oldest are forgotten, and the window that is left is told', async (context) => {
  const open = await onKafka(context)
  const gateway = await runningOn(open(), { name: freshName(), options: { maxIds: 3 } })
  expect(await idsOf(gateway)).toMatchObject({ state: 'ok', windowMs: 600_000, remembered: 0, behind: 0 })
  for (const id of ['a', 'b', 'c', 'd']) await send(gateway, id)
  expect(isReplayed(await send(gateway, 'd'))).toBe(true)
  expect(isReplayed(await send(gateway, 'b'))).toBe(true)
  expect((await idsOf(gateway)).windowMs).toBeLessThan(600_000)
  // Stored once more, and known again; now `b` is forgotten.
  expect(isReplayed(await send(gateway, 'a'))).toBe(false)
  expect(isReplayed(await send(gateway, 'a'))).toBe(true)
  expect(isReplayed(await send(gateway, 'b'))).toBe(false)
  expect((await idsOf(gateway)).remembered).toBe(3)
}, 180_000)

test('on Kafka, what a gateway stored before it was killed is known to the next and to one beside it', async (context) => {
  const open = await onKafka(context)
  const name = freshName()
  const beside = await runningOn(open(), { name })
  const child = new Child(
    new URL('gateway-child.ts', import.meta.url),
    JSON.stringify({ name, brokers: await sharedKafka() }),
  )
  await child.says('listening ')
  const url = child.lines[0]!.slice('listening '.length)
  const post = (id: string) =>
    fetch(`${url}/events`, { method: 'POST', headers: binary(id), body: '{"orderId":"o-1"}' })
  expect((await post('a')).status).toBe(202)
  child.kill('SIGKILL')
  await child.ended
  await learnt(beside, 1)
  const next = await runningOn(open(), { name })
  expect([isReplayed(await send(beside, 'a')), isReplayed(await send(next, 'a'))]).toEqual([true, true])
  expect((await send(next, 'a', '{"orderId":"o-2"}')).status).toBe(422)
  expect(await next.stored()).toHaveLength(1)
}, 180_000)

test('on Kafka, events whose senders say that they are old are known after a restart too', async (context) => {
  const open = await onKafka(context)
  const name = freshName()
  const one = await runningOn(open(), { name })
  await send(one, 'old', undefined, { 'ce-time': '2001-02-03T04:05:06Z' })
  await one.close()
  const again = await runningOn(open(), { name })
  expect(isReplayed(await send(again, 'old', undefined, { 'ce-time': '2001-02-03T04:05:06Z' }))).toBe(true)
}, 180_000)

test('on Kafka with a window of 0 nothing is remembered or read', async (context) => {
  const open = await onKafka(context)
  const gateway = await runningOn(open(), { name: freshName(), options: { idWindowMs: 0 } })
  expect(await idsOf(gateway)).toBeUndefined()
  await send(gateway, 'a')
  expect(isReplayed(await send(gateway, 'a'))).toBe(false)
}, 180_000)

/** An application whose log is read as `fetch` lets it be. */
function readBy(app: GatewayApp, fetch: (go: TogetherReader['fetch']) => TogetherReader['fetch']): GatewayApp {
  return {
    config: app.config,
    publish: (type, data, options) => app.publish(type, data, options),
    publishMany: (items) => app.publishMany(items),
    appendThrough: (append) => app.appendThrough!(append),
    open: async () => {
      const log = await app.open()
      const reader = (): TogetherReader => {
        const real = log.readTogether!()
        return { fetch: fetch((wanted, options) => real.fetch(wanted, options)) }
      }
      return {
        features: log.features,
        admin: log.admin,
        append: (records, early) => log.append(records, early),
        consume: (options) => log.consume(options),
        read: (from) => log.read(from),
        readTogether: reader,
        close: () => log.close(),
      }
    },
  }
}

test('on Kafka, a gateway is not ready until it knows what was stored before', async (context) => {
  const open = await onKafka(context)
  const name = freshName()
  const before = await runningOn(open(), { name })
  await send(before, 'a')
  await before.close()
  const reading = Promise.withResolvers<void>()
  const [port] = await quietPorts(1)
  const starting = runningOn(open(), {
    name,
    options: { port: port! },
    wrap: (app) => readBy(app, (go) => (wanted, options) => reading.promise.then(() => go(wanted, options))),
  })
  const health = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
    const said = (await response?.json()) as { ids?: Ids } | undefined
    return { ...said, status: response?.status }
  }
  await expect
    .poll(() => health('/readyz'), { timeout: 30_000 })
    .toMatchObject({ status: 503, ids: { state: 'reading', remembered: 0, behind: 1 } })
  expect([(await health('/startupz')).status, (await health('/livez')).status]).toEqual([503, 200])
  reading.resolve()
  const gateway = await starting
  expect(await health('/readyz')).toMatchObject({ status: 200, ids: { state: 'ok', remembered: 1, behind: 0 } })
  expect(isReplayed(await send(gateway, 'a'))).toBe(true)
}, 180_000)

test('on Kafka, a gateway that cannot follow the others says how far behind it is, and catches up', async (context) => {
  const open = await onKafka(context)
  const name = freshName()
  const writer = await runningOn(open(), { name })
  let slow = false
  const follower = await runningOn(open(), {
    name,
    wrap: (app) =>
      readBy(app, (go) => (wanted, options) => {
        if (!slow) return go(wanted, options)
        // One record of each partition at a time.
        return go(
          wanted.map((want) => ({ ...want, maxBytes: 1 })),
          options,
        )
      }),
  })
  slow = true
  const events = Array.from({ length: 24_000 }, (_, nth) => ({
    type: 'order.placed',
    data: { orderId: `o-${nth}` },
    id: `e-${nth}`,
    source: '/till/7',
  }))
  const outcomes = await writer.app.publishMany(events as never)
  expect(outcomes.filter(({ ok }) => !ok)).toEqual([])
  await expect.poll(async () => (await idsOf(follower)).state, { timeout: 30_000 }).toBe('behind')
  slow = false
  await expect.poll(async () => (await idsOf(follower)).state, { timeout: 60_000 }).toBe('ok')
  await learnt(follower, 24_000)
  expect(isReplayed(await send(follower, 'e-23999', '{"orderId":"o-23999"}'))).toBe(true)
}, 180_000)

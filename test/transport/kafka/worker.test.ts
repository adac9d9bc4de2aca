/**
 * A whole application on a real cluster: records of others, written by kcat, events stored twice with one id, and events whose fate is
 * unknown.
 * @module
 */
import { spawn } from 'node:child_process'
import { beforeAll, expect, onTestFinished, test, type TestContext } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../../src/clock.ts'
import { defineVeltrix, event, Unrecoverable, veltrix, type App } from '../../../src/index.ts'
import { kafka } from '../../../src/transport/kafka/index.ts'
import { KafkaCluster, missingKafka } from '../../support/kafka-cluster.ts'
import { sharedKafka } from '../../support/kafka-shared.ts'
import { requirePart } from '../../support/parts.ts'

const order = z.object({ orderId: z.string(), total: z.number() })
let names = 0

// Whoever is the first to ask starts it.
beforeAll(async () => {
  if ((await missingKafka()) === undefined) await sharedKafka()
}, 180_000)

async function application(context: TestContext, stream: object = {}, own?: readonly string[]) {
  await requirePart(context, 'Kafka', missingKafka)
  const brokers = own ?? (await sharedKafka())
  const config = defineVeltrix({
    app: `worker-${process.pid}-${++names}`,
    lanes: { only: {} },
    streams: {
      orders: { key: 'orderId', partitions: 1, ...stream, events: { 'order.placed': event(order, { lane: 'only' }) } },
    },
    subscriptions: { billing: { events: ['order.placed'], retry: { attempts: 1 } } },
    transport: kafka({ brokers, heartbeatInterval: 100 }),
  })
  const seen: string[] = []
  const start = async () => {
    const app = veltrix(config)
    onTestFinished(() => void app.stop())
    app.handle('billing', 'order.placed', (placed) => {
      seen.push(`${placed.id} ${placed.key} ${placed.data.total}`)
    })
    await app.start()
    return app
  }
  return { brokers: brokers.join(), topic: `${config.app}.orders.only`, seen, start }
}

async function missingKcat(): Promise<string | undefined> {
  const code = await kcat(['-V'], '').catch((error: Error) => error.message)
  return code === undefined ? undefined : `kcat does not run (${code}); apt has it`
}

/** Writes with kcat, as anybody would. */
async function kcat(args: readonly string[], input: string | Uint8Array): Promise<void> {
  const child = spawn('kcat', args, { stdio: ['pipe', 'ignore', 'pipe'] })
  const ended = Promise.withResolvers<number | null>()
  child.on('error', ended.reject)
  child.on('close', ended.resolve)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await ended.promise
  if (code !== 0) throw new Error(`kcat ended with ${code}`)
}

async function letters(app: App, count: number) {
  const desk = await app.deadLetters()
  await expect
    .poll(async () => (await desk.list('billing', {})).letters.length, { timeout: 30_000 })
    .toBeGreaterThanOrEqual(count)
  return (await desk.list('billing', {})).letters.toSorted((a, b) => a.origin.offset - b.origin.offset)
}

test('what kcat writes becomes dead letters that say what is missing', async (context) => {
  await requirePart(context, 'kcat', missingKcat)
  const { brokers, topic, seen, start } = await application(context)
  const app = await start()
  const write = ['-P', '-b', brokers, '-t', topic, '-p', '0']
  await kcat(write, 'just a line\n')
  await kcat([...write, '-D', 'never'], Uint8Array.of(0, 255, 254, 128, 200))
  await kcat([...write, '-Z', '-K', ':'], 'o-1:\n')
  const told = await letters(app, 3)
  expect(told.map(({ reason, key }) => `${reason} ${key}`)).toEqual([
    'invalid-event ',
    'invalid-event ',
    'invalid-event o-1',
  ])
  for (const { errorMessage } of told) expect(errorMessage).toContain('it has no ce_ headers at all')
  expect(seen).toEqual([])
}, 120_000)

test('what kcat writes is adopted where the stream says so, beside our own events', async (context) => {
  await requirePart(context, 'kcat', missingKcat)
  const { brokers, topic, seen, start } = await application(context, { foreign: { adopt: 'order.placed' } })
  const app = await start()
  await kcat(
    ['-P', '-b', brokers, '-t', topic, '-p', '0', '-K', '|'],
    '{"it":1}|{"orderId":"o-1","total":1}\no-2|{"orderId":"o-2","total":2}\no-3|{"total":"much"}\n',
  )
  await app.publish('order.placed', { orderId: 'o-4', total: 4 }, { id: 'own' })
  await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(3)
  expect(seen.toSorted()).toEqual(['own o-4 4', `${topic}-0-0 {"it":1} 1`, `${topic}-0-1 o-2 2`])
  const [refused] = await letters(app, 1)
  expect(refused!.errorMessage).toContain('data.orderId')
}, 120_000)

test('an event published again with its id is stored twice and handled once, over a restart too', async (context) => {
  const { seen, start } = await application(context)
  const first = await start()
  const publish = (app: App, id: string, total: number) =>
    app.publish('order.placed', { orderId: 'o-1', total }, { id })
  const offsets = [await publish(first, 'a', 1), await publish(first, 'a', 1), await publish(first, 'b', 2)]
  expect(offsets.map(({ offset }) => offset)).toEqual([0, 1, 2])
  await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(2)
  await first.stop()
  const second = await start()
  await publish(second, 'b', 2)
  await publish(second, 'a', 1)
  await publish(second, 'a', 100)
  await publish(second, 'c', 3)
  await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(4)
  expect(seen).toEqual(['a o-1 1', 'b o-1 2', 'a o-1 100', 'c o-1 3'])
  expect(second.status()).toMatchObject([{ duplicates: 2, idConflicts: 1 }])
}, 120_000)

test('an event without an answer is unknown; sent again with its id it is stored twice and handled once', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const cluster = await KafkaCluster.start({ brokers: 1 })
  onTestFinished(() => cluster.stop())
  const [id] = [...cluster.nodes].map(({ id: node }) => node)
  const { seen, start } = await application(context, {}, cluster.brokers)
  const app = await start()
  await app.publish('order.placed', { orderId: 'o-1', total: 1 })
  cluster.pause(id!)
  const patience = new AbortController()
  const lost = app.publish('order.placed', { orderId: 'o-1', total: 2 }, { id: 'again', signal: patience.signal })
  const told = lost.then(
    () => undefined,
    (error: unknown) => error,
  )
  // The request is on its way: nothing but the broker is missing.
  for (let turn = 0; turn < 100; turn++) await systemClock.yield()
  patience.abort(new Error('the caller has waited long enough'))
  expect(await told).toMatchObject({
    code: 'VLX_PUBLISH_UNKNOWN',
    id: 'again',
    message: expect.stringContaining('Publishing it again with the same id is safe.'),
  })
  cluster.resume(id!)
  const again = await app.publish('order.placed', { orderId: 'o-1', total: 2 }, { id: 'again' })
  expect(again.offset).toBe(2)
  await app.publish('order.placed', { orderId: 'o-1', total: 3 }, { id: 'last' })
  await expect.poll(() => seen.at(-1), { timeout: 60_000 }).toBe('last o-1 3')
  expect(seen.map((each) => each.split(' ').at(-1))).toEqual(['1', '2', '3'])
  expect(app.status()).toMatchObject([{ duplicates: 1 }])
}, 180_000)

test('a dead letter of a parked key runs with its new payload before the events behind it', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const config = defineVeltrix({
    app: `replaced-${process.pid}-${++names}`,
    lanes: { only: {} },
    streams: {
      orders: { key: 'orderId', partitions: 1, events: { 'order.placed': event(order, { lane: 'only' }) } },
    },
    subscriptions: { billing: { events: ['order.placed'], onDeadLetter: 'park-key' } },
    transport: kafka({ brokers: await sharedKafka(), heartbeatInterval: 100 }),
  })
  const seen: string[] = []
  const app = veltrix(config)
  onTestFinished(() => void app.stop())
  app.handle('billing', 'order.placed', ({ data, extensions }) => {
    if (data.total < 0) throw new Unrecoverable('total is negative')
    seen.push(`${data.total}${extensions['causationid'] === undefined ? '' : ` for ${extensions['causationid']}`}`)
  })
  await app.start()
  for (const total of [-1, 2, 3]) await app.publish('order.placed', { orderId: 'a', total }, { id: `e${total}` })
  const letters = await app.deadLetters()
  const total = async (): Promise<number> => (await letters.list('billing')).total
  await expect.poll(total, { timeout: 60_000 }).toBe(3)
  expect(seen).toEqual([])
  const { keys } = await letters.parkedKeys('billing')
  expect(keys).toMatchObject([{ key: 'a', followers: 2 }])
  const payload = { data: { orderId: 'a', total: 1 }, reason: 'negative total' }
  await letters.replace('billing', keys[0]!.head.id, payload)
  await app.publish('order.placed', { orderId: 'a', total: 4 })
  await expect.poll(() => seen, { timeout: 60_000 }).toEqual(['1 for e-1', '2', '3', '4'])
  await expect.poll(total, { timeout: 60_000 }).toBe(0)
}, 180_000)

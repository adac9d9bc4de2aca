/**
 * Other programs on the same topics: what an application publishes they read, and what they write its handlers get.
 * @module
 */
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { defineVeltrix, event, veltrix, type VeltrixEvent } from '../../../src/index.ts'
import { kafka, type KafkaCompression } from '../../../src/transport/kafka/index.ts'
import { missingKafka } from '../../support/kafka-cluster.ts'
import { sharedKafka } from '../../support/kafka-shared.ts'
import { javaTool, kcat, missingKafkaTools, missingKcat } from '../../support/kafka-tools.ts'
import { requirePart } from '../../support/parts.ts'

let brokers: string

beforeEach(async ({ skip }) => {
  await requirePart({ skip }, 'Kafka', missingKafka)
  await requirePart({ skip }, 'kcat', missingKcat)
  await requirePart({ skip }, "Kafka's tools", missingKafkaTools)
  brokers = (await sharedKafka()).join(',')
}, 300_000)

const order = z.object({ orderId: z.string(), note: z.string() })
let apps = 0
const fresh = (): string => `interop-${process.pid}-${++apps}`

function application(name: string, compression: KafkaCompression = 'none') {
  const config = defineVeltrix({
    app: name,
    streams: { orders: { key: 'orderId', partitions: 2, events: { 'order.placed': event(order) } } },
    subscriptions: { all: { events: ['order.placed'] } },
  })
  const got: VeltrixEvent[] = []
  const app = veltrix(config, { transport: kafka({ brokers, heartbeatInterval: 100, compression }) })
  app.handle('all', 'order.placed', async (event) => void got.push(event))
  onTestFinished(() => void app.stop({ drainTimeoutMs: 0 }))
  return { app, got }
}

const note = 'ünïcode 🦊 '.repeat(100)

test(
  'kcat and the console consumer of Java read what an application publishes, in every packing',
  { timeout: 240_000 },
  async () => {
    const name = fresh()
    const topic = `${name}.orders.standard`
    const ids: string[] = []
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const { app } = application(name, compression)
      const how = { subject: compression, extensions: { origin: 'here' } }
      ids.push((await app.publish('order.placed', { orderId: 'o-1', note }, how)).id)
    }
    const said = await kcat(['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-J'])
    const lines = said.trim().split('\n')
    const records = lines.map((line) => JSON.parse(line) as { key: string; payload: string; headers: string[] })
    const read = records.map(({ key, payload, headers }) => {
      const pairs = headers.flatMap((each, nth) => (nth % 2 === 0 ? [[each, headers[nth + 1]]] : []))
      return { key, data: JSON.parse(payload) as unknown, ...(Object.fromEntries(pairs) as Record<string, string>) }
    })
    expect(read.map((each) => (each as Record<string, unknown>)['ce_id'])).toEqual(ids)
    expect(read[3]).toEqual({
      ...{ key: 'o-1', data: { orderId: 'o-1', note }, 'content-type': 'application/json' },
      ...{ ce_specversion: '1.0', ce_id: ids[3], ce_type: 'order.placed', ce_source: `/${name}` },
      ...{ ce_subject: 'lz4', ce_origin: 'here', ce_time: expect.stringMatching(/^\d{4}-.*Z$/) },
    })
    const printed = ['print.headers=true', 'print.key=true'].flatMap((each) => ['--formatter-property', each])
    const from = [
      '--bootstrap-server',
      brokers,
      '--topic',
      topic,
      '--from-beginning',
      '--max-messages',
      `${ids.length}`,
    ]
    const shown = await javaTool('consumer.ConsoleConsumer', [...from, '--timeout-ms', '120000', ...printed])
    for (const [nth, line] of shown.trim().split('\n').entries()) {
      const [headers, key, value] = line.split('\t')
      expect(headers).toContain(`ce_id:${ids[nth]},`)
      expect(headers).toContain('content-type:application/json')
      expect([key, JSON.parse(value!)]).toEqual(['o-1', { orderId: 'o-1', note }])
    }
  },
)

test(
  'handlers get what kcat and the console producer of Java write, in every packing',
  { timeout: 240_000 },
  async () => {
    const name = fresh()
    const { app, got } = application(name)
    const topic = `${name}.orders.standard`
    await app.start()
    const data = (orderId: string): string => JSON.stringify({ orderId, note })
    const binary = { ce_specversion: '1.0', ce_source: '/kcat', ce_type: 'order.placed', ce_weight: '7' }
    const write = (id: string, headers: Record<string, string>, value: string, packing: string): Promise<string> => {
      const flags = Object.entries(headers).flatMap(([name, text]) => ['-H', `${name}=${text}`])
      const murmur = ['-X', 'topic.partitioner=murmur2_random']
      return kcat(['-P', '-b', brokers, '-t', topic, '-k', id, '-z', packing, ...murmur, ...flags], value)
    }
    for (const packing of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
      await write(packing, { ...binary, ce_id: packing }, data(packing), packing)
    }
    const whole = { specversion: '1.0', id: 'structured', source: '/kcat', type: 'order.placed', weight: 7 }
    const structured = JSON.stringify({ ...whole, data: { orderId: 'structured', note } })
    await write('structured', { 'content-type': 'application/cloudevents+json; charset=utf-8' }, structured, 'none')
    for (const packing of ['snappy', 'lz4', 'zstd']) {
      const id = `java-${packing}`
      const headers = `ce_specversion:1.0,ce_id:${id},ce_source:/java,ce_type:order.placed,content-type:application/json`
      const properties = ['parse.key=true', 'parse.headers=true'].flatMap((each) => ['--reader-property', each])
      const to = ['--bootstrap-server', brokers, '--topic', topic, '--compression-codec', packing]
      await javaTool('ConsoleProducer', [...to, ...properties], `${headers}\t${id}\t${data(id)}\n`)
    }
    const ids = ['none', 'gzip', 'snappy', 'lz4', 'zstd', 'structured', 'java-snappy', 'java-lz4', 'java-zstd']
    await expect.poll(() => got.map(({ id }) => id).sort(), { timeout: 120_000 }).toEqual([...ids].sort())
    for (const { id, key, data: payload } of got) expect([key, payload]).toEqual([id, { orderId: id, note }])
    expect(got.find(({ id }) => id === 'structured')).toMatchObject({ source: '/kcat', extensions: { weight: '7' } })
    expect((await (await app.deadLetters()).list('all')).letters).toEqual([])
  },
)

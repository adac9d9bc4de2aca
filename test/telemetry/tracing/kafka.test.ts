/** One trace over a real cluster, from one process to another. @module */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { veltrix } from '../../../src/index.ts'
import { kafka } from '../../../src/transport/kafka/index.ts'
import { missingKafka } from '../../support/kafka-cluster.ts'
import { sharedKafka } from '../../support/kafka-shared.ts'
import { requirePart } from '../../support/parts.ts'
import { childOf, idOf, parentOf, shop, traced, traceOf, withContextManager } from './traced.ts'

withContextManager()

interface Told {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parent: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
}

test(
  'what one process publishes in a span is handled in that trace by another',
  { timeout: 240_000 },
  async (context) => {
    await requirePart(context, 'Kafka', missingKafka)
    const brokers = await sharedKafka()
    const name = `traces-${process.pid}`
    const { named, ended } = traced()
    const app = veltrix(shop(name), { transport: kafka({ brokers, heartbeatInterval: 100 }) })
      .handle('billing', 'order.placed', async ({ data }, ctx) => void (await ctx.publish('order.paid', data)))
      .handle('mailer', 'order.paid', () => {})
    onTestFinished(() => void app.stop())
    await app.start()
    const child = join(import.meta.dirname, 'publishing-child.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [child, name, brokers.join()])
    const [send, checkout] = JSON.parse(stdout) as [Told, Told]
    const topic = `${name}.orders.standard`
    expect([send.name, checkout.name]).toEqual([`send ${topic}`, 'checkout'])
    expect(send.parent).toBe(checkout.spanId)
    await ended(`process ${topic}`, 2)
    const placed = named(`process ${topic}`).find((span) => parentOf(span) === send.spanId)!
    const paid = childOf(childOf(placed, named(`send ${topic}`)), named(`process ${topic}`))
    expect([traceOf(placed), traceOf(paid)]).toEqual([checkout.traceId, checkout.traceId])
    expect(idOf(placed)).not.toBe(idOf(paid))
    const place = {
      'messaging.system': 'kafka',
      'messaging.kafka.offset': 0,
      'messaging.kafka.message.key': 'o-1',
      'messaging.destination.partition.id': send.attributes['messaging.destination.partition.id'],
    }
    expect(send.attributes).toMatchObject(place)
    expect(placed.attributes).toMatchObject({ ...place, 'messaging.consumer.group.name': `${name}.billing` })
  },
)

/**
 * The printed rights are enough, and no more than that: an application runs with exactly these at a broker that refuses everything else.
 */
import { Admin } from '@platformatic/kafka'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { defineVeltrix, event, Unrecoverable, veltrix } from '../../src/index.ts'
import { aclGrants, nothingAllowed, planFor, type AclGrant } from '../../src/topology/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import type { Log, Transport } from '../../src/transport/index.ts'
import { freePorts, KafkaCluster, missingKafka } from '../support/kafka-cluster.ts'
import { requirePart } from '../support/parts.ts'
import { applied, order, shopConfig } from './kafka-shop.ts'

const missing = missingKafka()
const roles = ['publisher', 'worker', 'apply'] as const
const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
const config = shopConfig({ app: 'shop', topics: { replicationFactor: 1, minInsyncReplicas: 1 } })
let cluster: KafkaCluster
let port: number

beforeAll(async () => {
  if ((await missing) !== undefined) return
  port = (await freePorts(1))[0]!
  cluster = await KafkaCluster.start({
    brokers: 1,
    properties: (broker) => ({
      listeners: `PLAINTEXT://127.0.0.1:${broker.port},CONTROLLER://127.0.0.1:${broker.controllerPort},SASL://127.0.0.1:${port}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker.port},SASL://127.0.0.1:${port}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT',
      'listener.name.sasl.sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.sasl.plain.sasl.jaas.config': `${login} ${roles.map((name) => `user_shop-${name}="secret"`).join(' ')};`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    }),
  })
}, 180_000)
afterAll(() => cluster?.stop(), 60_000)
beforeEach(({ skip }) => requirePart({ skip }, 'Kafka', () => missing))

function as(role: (typeof roles)[number]): Transport {
  const sasl = { mechanism: 'PLAIN', username: `shop-${role}`, password: 'secret' } as const
  return kafka({ brokers: `127.0.0.1:${port}`, sasl, createTopics: false, heartbeatInterval: 200 })
}

async function logAs(role: (typeof roles)[number]): Promise<Log> {
  const log = await as(role).open({ clock: systemClock, clientId: role })
  onTestFinished(() => log.close())
  return log
}

/** What the application is told to be granted, in the protocol of Kafka's own tool. */
async function grantAll(): Promise<void> {
  const admin = new Admin({ clientId: 'tool', bootstrapBrokers: cluster.brokers })
  const creations = aclGrants(config).flatMap(creationsOf)
  await admin.createAcls({ creations: creations as Parameters<Admin['createAcls']>[0]['creations'] })
  await admin.close()
}

const resources = { topic: 2, group: 3, cluster: 4, 'transactional-id': 5 }
const operationNumbers: Readonly<Record<string, number>> = {
  Read: 3, Write: 4, Create: 5, Delete: 6, Alter: 7, Describe: 8, DescribeConfigs: 10, AlterConfigs: 11,
} // prettier-ignore

const patterns = { literal: 3, prefixed: 4 }

function creationsOf({ role, resource, name, pattern, operations }: AclGrant): object[] {
  return operations.map((operation) => ({
    ...{
      resourceType: resources[resource],
      resourceName: name,
      resourcePatternType: patterns[pattern],
      host: '*',
      permissionType: 3,
    },
    ...{ principal: `User:shop-${role}`, operation: operationNumbers[operation]! },
  }))
}

test('an application is applied, published to and worked off with exactly the printed rights', async () => {
  const refused = await logAs('apply').then(
    (log) => planFor({ log, config, allowed: nothingAllowed }),
    (error: unknown) => Promise.reject(error as Error),
  ).catch((error: unknown) => error) // prettier-ignore
  expect(refused).toMatchObject({ code: 'VLX_NOT_AUTHORIZED' })
  await grantAll()

  const log = await logAs('apply')
  await expect
    .poll(() => planFor({ log, config, allowed: nothingAllowed }).then(() => 'allowed', String), { timeout: 30_000 })
    .toBe('allowed')
  await applied(log, config)
  const { plan } = await planFor({ log, config, allowed: nothingAllowed })
  expect(plan.changes).toEqual([])
  expect(plan.warnings.map(({ subject }) => subject)).not.toContain('brokers')

  const definition = defineVeltrix({
    app: 'shop',
    lanes: { urgent: {}, standard: {} },
    streams: { orders: { key: 'orderId', partitions: 2, events: { 'order.placed': event(order) } } },
    subscriptions: { billing: { events: ['order.placed'], retry: { attempts: 1 } } },
  })
  const publisher = veltrix(definition, { transport: as('publisher') })
  const handled: string[] = []
  const worker = veltrix(definition, { transport: as('worker') }).handle(
    'billing',
    'order.placed',
    async ({ data }) => {
      if (data.orderId === 'bad') throw new Unrecoverable('no')
      handled.push(data.orderId)
    },
  )
  onTestFinished(async () => void (await Promise.all([publisher.stop(), worker.stop()])))
  await worker.start()
  await publisher.publish('order.placed', { orderId: 'good' })
  await publisher.publish('order.placed', { orderId: 'bad' })
  await expect.poll(() => handled, { timeout: 60_000 }).toEqual(['good'])
  const letters = await worker.deadLetters()
  await expect.poll(async () => (await letters.list('billing')).letters.length, { timeout: 60_000 }).toBe(1)

  // And no more than that.
  await expect(worker.publish('order.placed', { orderId: 'x' })).rejects.toMatchObject({ code: 'VLX_NOT_AUTHORIZED' })
  const [asPublisher, asWorker] = [await logAs('publisher'), await logAs('worker')]
  const topic = 'shop.orders.urgent'
  await expect(asPublisher.read({ topic, partition: 0, offset: 0, maxBytes: 1, maxWaitMs: 0 })).rejects.toMatchObject({
    code: 'VLX_NOT_AUTHORIZED',
  })
  for (const other of [asPublisher, asWorker]) {
    await expect(other.admin.topology!.set(topic, { retentionMs: 1 })).rejects.toMatchObject({
      code: 'VLX_NOT_AUTHORIZED',
    })
    await expect(other.admin.deleteTopic(topic)).rejects.toMatchObject({ code: 'VLX_NOT_AUTHORIZED' })
  }
}, 180_000)

test('where making topics is left to apply, a start without them says so', async () => {
  const open = await kafka({ brokers: cluster.brokers, createTopics: false }).open({
    clock: systemClock,
    clientId: 'x',
  })
  onTestFinished(() => open.close())
  const spec = { name: 'missing.orders.bulk', partitions: 1, retentionMs: Infinity, retentionBytes: Infinity }
  await expect(open.admin.createTopics([spec])).rejects.toMatchObject({
    code: 'VLX_TOPICS_MISSING',
    topics: ['missing.orders.bulk'],
    message: expect.stringContaining('veltrix apply'),
  })
})

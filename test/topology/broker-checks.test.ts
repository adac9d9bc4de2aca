/**
 * What is said about settings of brokers that a plan cannot change.
 */
import { expect, test } from 'vitest'
import { compile, event } from '../../src/config/index.ts'
import { z } from 'zod'
import { brokerWarnings } from '../../src/topology/index.ts'
import { clusterOf, topicOf } from './world.ts'

/** Brokers as they should be. */
const good = {
  'unclean.leader.election.enable': 'false',
  'auto.create.topics.enable': 'false',
  'broker.session.timeout.ms': '9000',
  'replica.lag.time.max.ms': '30000',
  'controller.quorum.election.timeout.ms': '1000',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'group.consumer.min.session.timeout.ms': '5000',
  'group.consumer.max.session.timeout.ms': '60000',
  'offset.metadata.max.bytes': '4096',
  'message.max.bytes': '1048588',
}

interface Changed {
  readonly settings?: Readonly<Record<string, string>>
  readonly without?: string
  readonly worker?: object
  readonly topics?: object
  readonly inSync?: number
}

function told({ settings = {}, without = '', worker = {}, topics = {}, inSync = 2 }: Changed = {}): string[] {
  const all = Object.entries({ ...good, ...settings }).filter(([name]) => name !== without)
  // The worst broker counts: one has it, the others are good.
  const values = all.map(([name, value]) => {
    const fallback = good[name as keyof typeof good] ?? value
    return [name, new Map([[1, fallback], [2, fallback], [3, value]])] as const // prettier-ignore
  })
  const orders = { key: 'id', events: { e: event(z.object({ id: z.string() })) } }
  return brokerWarnings({
    config: compile({ app: 'shop', streams: { orders }, worker, topics }),
    cluster: { ...clusterOf(3), settings: new Map(values) },
    topics: [topicOf({ name: 'shop.orders.bulk', partitions: 1, retentionMs: 1, retentionBytes: 1, minInsyncReplicas: inSync }, 3)],
    maxRecordBytes: 1_000_000,
  }).map(({ subject }) => subject) // prettier-ignore
}

test('nothing about brokers that are as they should be', () => expect(told()).toEqual([]))

test.each<[name: string, changed: Changed, subject: string]>([
  ['unclean elections', { settings: { 'unclean.leader.election.enable': 'true' } }, 'unclean.leader.election.enable=true'],
  ['topics made by a mistype', { settings: { 'auto.create.topics.enable': 'true' } }, 'auto.create.topics.enable=true'],
  ['slow deaths of brokers', { settings: { 'broker.session.timeout.ms': '60000' } }, 'broker.session.timeout.ms=60000'],
  ['slow deaths under ZooKeeper', { settings: { 'zookeeper.session.timeout.ms': '60000' } }, 'zookeeper.session.timeout.ms=60000'],
  ['copies that lag for long', { settings: { 'replica.lag.time.max.ms': '90000' } }, 'replica.lag.time.max.ms=90000'],
  ['slow elections', { settings: { 'controller.quorum.election.timeout.ms': '50000' } }, 'controller.quorum.election.timeout.ms=50000'],
  ['one copy of positions', { settings: { 'offsets.topic.replication.factor': '1' } }, 'offsets.topic.replication.factor=1'],
  ['one copy of transactions', { settings: { 'transaction.state.log.replication.factor': '1' } }, 'transaction.state.log.replication.factor=1'],
  ['transactions on one broker', { settings: { 'transaction.state.log.min.isr': '1' } }, 'transaction.state.log.min.isr=1'],
  ['a session below the bound', { worker: { sessionTimeout: '2s' } }, 'group.consumer.min.session.timeout.ms=5000'],
  ['a session above the bound', { worker: { sessionTimeout: '90s' } }, 'group.consumer.max.session.timeout.ms=60000'],
  ['bounds of classic groups', { worker: { sessionTimeout: '2s' }, without: 'group.consumer.min.session.timeout.ms', settings: { 'group.min.session.timeout.ms': '6000' } }, 'group.min.session.timeout.ms=6000'],
  ['bounds of classic groups where the newer kind is known and off', { worker: { sessionTimeout: '5s' }, settings: { 'group.coordinator.rebalance.protocols': 'classic', 'group.min.session.timeout.ms': '6000' } }, 'group.min.session.timeout.ms=6000'],
  ['too little room for a commit', { settings: { 'offset.metadata.max.bytes': '4000' } }, 'offset.metadata.max.bytes=4000'],
  ['brokers that take less than is made', { settings: { 'message.max.bytes': '500000' } }, 'message.max.bytes=500000'],
  ['topics that take less than is made', { topics: { maxMessageSize: '64KiB' } }, 'maxMessageSize of stream orders (65536 bytes)'],
  ['as many in sync as copies', { inSync: 3 }, 'min.insync.replicas of shop.orders.bulk'],
  ['one in sync of many', { inSync: 1 }, 'min.insync.replicas of shop.orders.bulk'],
])('%s', (_, changed, subject) => expect(told(changed)).toEqual([subject])) // prettier-ignore

test('settings that may not be read are no settings that are right', () => {
  const cluster = clusterOf(3)
  const config = compile({
    app: 'shop',
    streams: { s: { key: 'id', events: { e: event(z.object({ id: z.string() })) } } },
  })
  const warnings = brokerWarnings({ config, cluster, topics: [], maxRecordBytes: 1 })
  expect(warnings).toMatchObject([{ subject: 'brokers', mend: expect.stringContaining('DescribeConfigs') }])
  // A log without brokers has none to check.
  expect(brokerWarnings({ config, cluster: clusterOf(0), topics: [], maxRecordBytes: 1 })).toEqual([])
})

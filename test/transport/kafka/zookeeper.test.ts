/**
 * The Kafka transport keeps the contract on a cluster of the older kind: three brokers of Kafka 3.9 with ZooKeeper, where groups are classic.
 * @module
 */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { kafka } from '../../../src/transport/kafka/index.ts'
import type { Log } from '../../../src/transport/index.ts'
import { testTransport, type TransportHarness } from '../../conformance/transport.ts'
import { KafkaCluster, missingKafka } from '../../support/kafka-cluster.ts'
import { requirePart } from '../../support/parts.ts'

const MiB = 1024 * 1024
const options = { maxRecordBytes: 16 * MiB, heartbeatInterval: 100 }
const missing = missingKafka('zookeeper')
let cluster: KafkaCluster | undefined

beforeAll(async () => {
  if ((await missing) === undefined) cluster = await KafkaCluster.start({ kind: 'zookeeper' })
}, 240_000)

afterAll(() => cluster?.stop(), 60_000)

beforeEach(({ skip }) => requirePart({ skip }, 'Kafka with ZooKeeper', () => missing))

async function harness(): Promise<TransportHarness> {
  const open: Log[] = []
  return {
    async open(clientId) {
      const log = await kafka({ brokers: cluster!.brokers, ...options }).open({ clock: systemClock, clientId })
      open.push(log)
      return log
    },
    async close() {
      await Promise.all(open.map((log) => log.close()))
    },
  }
}

const { features } = kafka({ brokers: 'unused:1', ...options })
testTransport({ name: 'kafka 3.9 with ZooKeeper', create: harness, features })

test('the newer protocol for groups is refused with what it needs, when it is asked for', async () => {
  const { brokers } = cluster!
  const log = await kafka({ brokers, groupProtocol: 'consumer' }).open({ clock: systemClock, clientId: 'c' })
  onTestFinished(() => log.close())
  const failed = Promise.withResolvers<Error>()
  const listener = { assigned: () => {}, revoked: async () => {}, lost: () => {}, failed: failed.resolve }
  await log.consume({ group: 'newer', topics: [], listener })
  expect(await failed.promise).toMatchObject({
    code: 'VLX_LOG_VERSION',
    message: expect.stringContaining('Kafka 4.0 or newer'),
  })
})

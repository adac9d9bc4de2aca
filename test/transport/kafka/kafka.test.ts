/**
 * The Kafka transport keeps the contract on a real cluster: three brokers, three copies, two of them in sync, acks=all.
 * @module
 */
import { beforeEach } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { kafka, type KafkaOptions } from '../../../src/transport/kafka/index.ts'
import type { Log } from '../../../src/transport/index.ts'
import { testTransport, testTransportUnderStress, type TransportHarness } from '../../conformance/transport.ts'
import { missingKafka } from '../../support/kafka-cluster.ts'
import { sharedKafka } from '../../support/kafka-shared.ts'
import { requirePart } from '../../support/parts.ts'

const MiB = 1024 * 1024
// Above Kafka's default, so that the contract's largest records are tried; quick heartbeats, so that members are.
const options = { maxRecordBytes: 16 * MiB, heartbeatInterval: 100 }

async function harness(more: Partial<KafkaOptions> = {}): Promise<TransportHarness> {
  const brokers = await sharedKafka()
  const open: Log[] = []
  return {
    follows: true,
    async open(clientId) {
      const log = await kafka({ brokers, ...options, ...more }).open({ clock: systemClock, clientId })
      open.push(log)
      return log
    },
    async close() {
      await Promise.all(open.map((log) => log.close()))
    },
  }
}

const missing = missingKafka()

beforeEach(async ({ skip }) => {
  await requirePart({ skip }, 'Kafka', () => missing)
  await sharedKafka()
}, 180_000)

const suite = { name: 'kafka', create: () => harness(), features: kafka({ brokers: 'unused:1', ...options }).features }
testTransport(suite)
testTransportUnderStress(suite, [1, 2, 3, 4, 5, 6])

const classic = (): Promise<TransportHarness> => harness({ groupProtocol: 'classic' })
testTransport({
  ...suite,
  name: 'kafka with classic groups',
  create: classic,
  only: ['consume', 'groups', 'transactions'],
})

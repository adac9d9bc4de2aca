/**
 * Kafka: a hundred callers of `publish`, beside clients that send what they are given.
 * @module
 */
import { published } from '../kafka/published.ts'
import { inTurns } from '../kafka/turns.ts'
import { sized, type Scenario } from '../scenario.ts'

const callers = 100

export default {
  name: 'kafka-publish-single',
  title: '100 concurrent `publish` callers ÷ kafkajs `send` per event',
  unit: '×',
  goal: { atLeast: 5 },
  how: '100 callers, each publishes its next event when the last one is acknowledged; 1,000 keys, 12 partitions; all sides idempotent with acks=all; 100,000 events (Veltrix), 10,000 (kafkajs and @platformatic/kafka: the same rate in less time)',
  async measure(round) {
    const many = { job: 'publishSingle', events: sized(round, 100_000), warmUp: sized(round, 20_000), callers } as const
    const few = { ...many, events: sized(round, 10_000), warmUp: sized(round, 2000) }
    const { veltrix, kafkajs, raw } = await inTurns(round, {
      veltrix: () => published(round, 'veltrix', many),
      kafkajs: () => published(round, 'kafkajs', few),
      raw: () => published(round, 'raw', few),
    })
    return {
      value: veltrix.rate / kafkajs.rate,
      sides: {
        'Veltrix `publish`': veltrix.rate,
        'kafkajs `send`': kafkajs.rate,
        '@platformatic/kafka `send`': raw.rate,
      },
      parts: {
        'Veltrix p99, ms': veltrix.p99Ms,
        'kafkajs p99, ms': kafkajs.p99Ms,
        '@platformatic/kafka p99, ms': raw.p99Ms,
      },
    }
  },
} satisfies Scenario

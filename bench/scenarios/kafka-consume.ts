/**
 * Kafka: consuming to an empty handler, beside the streams and handlers of clients.
 * @module
 */
import { topicOf } from '../kafka/app.ts'
import { fill } from '../kafka/filled.ts'
import { consumes } from '../kafka/side.ts'
import type { SideName } from '../kafka/sides/index.ts'
import { inTurns } from '../kafka/turns.ts'
import { sized, type Scenario } from '../scenario.ts'

const app = 'consume'
const topic = topicOf(app)
const events = 300_000

export default {
  name: 'kafka-consume',
  title: 'consume to an empty handler, 12 partitions ÷ @platformatic/kafka stream',
  unit: '×',
  goal: { atLeast: 0.6 },
  further: [{ title: 'the same ÷ kafkajs `eachMessage`', goal: { atLeast: 2 }, part: '÷ kafkajs' }],
  how: '300,000 events of 1 KiB that are there already, the same topic for all, from the first handler to the last; commits every 100 ms; Veltrix hands out events that are parsed and validated, the others hand out bytes (kafkajs with partitionsConsumedConcurrently 12)',
  prepare: (round) => fill(round.brokers, app, sized(round, events)),
  async measure(round) {
    const { brokers, directory, number } = round
    const consume = (side: SideName) => () =>
      consumes(side, {
        brokers, directory, app, topic,
        group: `${side}-${number}`,
        events: sized(round, events),
        handlerMs: 0, concurrency: 64, isWarm: false,
      }) // prettier-ignore
    const { veltrix, raw, kafkajs } = await inTurns(round, {
      veltrix: consume('veltrix'),
      raw: consume('raw'),
      kafkajs: consume('kafkajs'),
    })
    return {
      value: veltrix.rate / raw.rate,
      sides: { Veltrix: veltrix.rate, '@platformatic/kafka stream': raw.rate, 'kafkajs `eachMessage`': kafkajs.rate },
      parts: {
        '÷ kafkajs': veltrix.rate / kafkajs.rate,
        'Veltrix since start, events/s': veltrix.rateSinceStart,
        '@platformatic/kafka since start, events/s': raw.rateSinceStart,
        'kafkajs since start, events/s': kafkajs.rateSinceStart,
      },
    }
  },
} satisfies Scenario

/**
 * Kafka: handlers that wait 10 ms, many keys: order by key without waiting in line, beside a client that works by partition, and beside
 * the Java library that works by key.
 * @module
 */
import { topicOf } from '../kafka/app.ts'
import { fill } from '../kafka/filled.ts'
import { consumes } from '../kafka/side.ts'
import type { SideName } from '../kafka/sides/index.ts'
import { missingParallelConsumer } from '../kafka/sides/parallel-consumer.ts'
import { inTurns } from '../kafka/turns.ts'
import { sized, type Scenario } from '../scenario.ts'

const app = 'handlers'
const topic = topicOf(app)
const events = 100_000
/** kafkajs is slow at this: the same rate in less time. */
const kafkajsEvents = 10_000

export default {
  name: 'kafka-handlers',
  title: '10 ms handlers, 12 partitions, 1,000 keys, concurrency 500 ÷ kafkajs, 12 partitions at once',
  unit: '×',
  goal: { atLeast: 20 },
  further: [
    { title: 'the same ÷ Confluent Parallel Consumer (Java)', goal: { atLeast: 1 }, part: '÷ Parallel Consumer' },
  ],
  how: '100,000 events that are there already (kafkajs: the first 10,000 of them), the same topic for all, from the first handler to the last, after the same once before in the same process; Parallel Consumer 0.5.3.3 in order by KEY with maxConcurrency 500',
  prepare: (round) => fill(round.brokers, app, sized(round, events)),
  async measure(round) {
    const { brokers, directory, number } = round
    const consume = (side: SideName, count: number) => () =>
      consumes(side, {
        brokers, directory, app, topic,
        group: `${side}-${number}`,
        events: sized(round, count),
        handlerMs: 10, concurrency: 500, isWarm: side !== 'kafkajs',
      }) // prettier-ignore
    const missing = await missingParallelConsumer()
    if (missing !== undefined) console.error(`Without the Parallel Consumer: ${missing}.`)
    const { veltrix, kafkajs, java } = await inTurns(round, {
      veltrix: consume('veltrix', events),
      kafkajs: consume('kafkajs', kafkajsEvents),
      java: missing === undefined ? consume('parallel-consumer', events) : async () => undefined,
    })
    return {
      value: veltrix!.rate / kafkajs!.rate,
      sides: {
        Veltrix: veltrix!.rate,
        'kafkajs `eachMessage`': kafkajs!.rate,
        ...(java === undefined ? {} : { 'Parallel Consumer (Java)': java.rate }),
      },
      parts: {
        ...(java === undefined
          ? {}
          : {
              '÷ Parallel Consumer': veltrix!.rate / java.rate,
              'Parallel Consumer since start, events/s': java.rateSinceStart,
            }),
        'Veltrix since start, events/s': veltrix!.rateSinceStart,
        'kafkajs since start, events/s': kafkajs!.rateSinceStart,
      },
    }
  },
} satisfies Scenario

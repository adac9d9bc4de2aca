/**
 * The client that Veltrix itself stands on, by its Producer and Consumer.
 * @module
 */
import { compatibilityPartitioner, Consumer, jsonSerializer, Producer, stringSerializer } from '@platformatic/kafka'
import type { Payload } from '../../payload.ts'
import { rateSince } from '../../statistics.ts'
import { callAtOnce } from '../callers.ts'
import { eventOf } from '../event.ts'
import { Handled } from '../handled.ts'
import type { Side } from '../task.ts'

export default {
  async publishSingle(task) {
    const { topic } = task
    const producer = producerOf(task.brokers)
    const figures = await callAtOnce(task, (index) => {
      const event = eventOf(index)
      return producer.send({ messages: [{ topic, key: event.key, value: event }] })
    })
    await producer.close()
    return figures
  },

  async publishMany({ brokers, topic, warmUp, events }) {
    const producer = producerOf(brokers)
    await sendAll(producer, messagesOf(topic, 0, warmUp))
    const messages = messagesOf(topic, warmUp, events)
    const startedAt = performance.now()
    await sendAll(producer, messages)
    const rate = rateSince(events, startedAt)
    await producer.close()
    return { rate, p99Ms: 0 }
  },

  async consume({ brokers, topic, group, events }) {
    const consumer = new Consumer({
      clientId: 'bench',
      bootstrapBrokers: [...brokers],
      groupId: group,
      groupProtocol: 'consumer',
    })
    const handled = new Handled(events)
    const settings = { mode: 'committed', fallbackMode: 'earliest', autocommit: 100, highWaterMark: buffered } as const
    const stream = await consumer.consume({ topics: [topic], ...settings })
    stream.on('data', ({ key, offset }) => {
      const name = key.toString()
      handled.begin(name, Number(offset))
      handled.end(name)
    })
    const figures = await handled.figures
    await consumer.close(true)
    return figures
  },
} satisfies Side

/** Events of one call: the best of 1,000 to 10,000 that brokers take with their usual limits. */
const batchEvents = 5000
/** Records its stream holds: faster than its default of 1,024. */
const buffered = 65_536

interface Message {
  readonly topic: string
  readonly key: string
  readonly value: Payload
}

function messagesOf(topic: string, from: number, count: number): Message[] {
  return Array.from({ length: count }, (_, nth) => {
    const event = eventOf(from + nth)
    return { topic, key: event.key, value: event }
  })
}

async function sendAll(producer: ReturnType<typeof producerOf>, messages: Message[]): Promise<void> {
  for (let at = 0; at < messages.length; at += batchEvents) {
    await producer.send({ messages: messages.slice(at, at + batchEvents) })
  }
}

function producerOf(brokers: readonly string[]) {
  return new Producer({
    clientId: 'bench',
    bootstrapBrokers: [...brokers],
    idempotent: true,
    partitioner: compatibilityPartitioner,
    serializers: {
      key: stringSerializer,
      value: jsonSerializer<Payload>,
      headerKey: stringSerializer,
      headerValue: stringSerializer,
    },
  })
}

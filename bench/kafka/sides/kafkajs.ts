/**
 * kafkajs, as its documentation shows it.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { callAtOnce } from '../callers.ts'
import { eventOf, partitionCount } from '../event.ts'
import { Handled } from '../handled.ts'
import type { ConsumeFigures, ConsumeTask, Side } from '../task.ts'

export default {
  async publishSingle(task) {
    const { topic } = task
    const producer = client(task.brokers).producer({
      idempotent: true,
      createPartitioner: Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    const figures = await callAtOnce(task, (index) => {
      const event = eventOf(index)
      return producer.send({ topic, acks: -1, messages: [{ key: event.key, value: JSON.stringify(event) }] })
    })
    await producer.disconnect()
    return figures
  },

  async consume(task) {
    if (task.isWarm) await consumeAs('warm', task)
    return consumeAs('measured', task)
  },
} satisfies Side

function client(brokers: readonly string[]): Kafka {
  return new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.NOTHING })
}

async function consumeAs(
  purpose: string,
  { brokers, topic, group, events, handlerMs }: ConsumeTask,
): Promise<ConsumeFigures> {
  const consumer = client(brokers).consumer({ groupId: `${group}-${purpose}` })
  await consumer.connect()
  const handled = new Handled(events)
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    partitionsConsumedConcurrently: partitionCount,
    autoCommitInterval: 100,
    eachMessage: async ({ message }) => {
      const key = message.key!.toString()
      handled.begin(key, Number(message.offset))
      if (handlerMs > 0) await wait(handlerMs)
      handled.end(key)
    },
  })
  const figures = await handled.figures
  await consumer.disconnect()
  return figures
}

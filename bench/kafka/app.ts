/**
 * The application that the Kafka scenarios measure: one stream of 12 partitions, one subscription.
 * @module
 */
import { defineVeltrix, event, veltrix } from '../../src/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import { schema } from '../payload.ts'
import { partitionCount } from './event.ts'

/** Where `kafkaApp` of this name publishes. */
export function topicOf(app: string): string {
  return `${app}.things.standard`
}

export function kafkaApp(brokers: readonly string[], app: string, subscription = 'taker', concurrency = 64) {
  return veltrix(
    defineVeltrix({
      app,
      streams: {
        things: {
          key: 'key',
          partitions: partitionCount,
          events: { 'thing.done': event(schema, { lane: 'standard' }) },
        },
      },
      subscriptions: { [subscription]: { events: ['thing.done'], concurrency } },
      transport: kafka({ brokers: [...brokers] }),
    }),
  )
}

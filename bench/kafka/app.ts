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

export interface AppOptions {
  readonly subscription?: string
  readonly concurrency?: number
  /** Large requests, as the other side sends them: throughput before latency. */
  readonly isBulk?: boolean
}

export function kafkaApp(brokers: readonly string[], app: string, options: AppOptions = {}) {
  const { subscription = 'taker', concurrency = 64, isBulk = false } = options
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
      publisher: isBulk ? { maxBatchEvents: 5000, maxBatchBytes: '8MiB', maxPendingEvents: 20_000 } : {},
      transport: kafka({ brokers: [...brokers], ...(isBulk ? { batchBytes: 900_000 } : {}) }),
    }),
  )
}

/**
 * The application with an urgent and a bulk lane, on Kafka; and the same with one topic for both.
 * @module
 */
import { defineVeltrix, event, veltrix } from '../../src/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import { allStored } from '../finish.ts'
import { items, schema } from '../payload.ts'
import { partitionCount } from './event.ts'

const app = 'urgent'

/** @param subscription of this round alone, so that the whole backlog waits */
export function lanesApp(brokers: readonly string[], subscription: string, critical: 'critical' | 'bulk' = 'critical') {
  return veltrix(
    defineVeltrix({
      app,
      streams: {
        things: {
          key: 'key',
          partitions: partitionCount,
          events: {
            'thing.needed': event(schema, { lane: critical }),
            'thing.exported': event(schema, { lane: 'bulk' }),
          },
        },
      },
      subscriptions: { [subscription]: { events: ['thing.needed', 'thing.exported'], concurrency: 64 } },
      transport: kafka({ brokers: [...brokers] }),
    }),
  )
}

/** Fills the bulk lane, in pieces. */
export async function fillBulk(brokers: readonly string[], count: number): Promise<void> {
  const filler = lanesApp(brokers, 'filler')
  const piece = items('thing.exported', Math.min(count, 50_000))
  for (let stored = 0; stored < count; stored += piece.length) {
    allStored(await filler.publishMany(piece.slice(0, count - stored)))
  }
  await filler.stop()
}

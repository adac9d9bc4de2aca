/**
 * An application with an urgent and a bulk lane that share one subscription.
 * @module
 */
import { defineVeltrix, event, veltrix } from '../src/index.ts'
import { embedded } from '../src/transport/embedded/index.ts'
import { allStored } from './finish.ts'
import { items, schema } from './payload.ts'

/** Typed file and app over a log in `directory`. */
export function lanesApp(directory: string) {
  return veltrix(
    defineVeltrix({
      app: 'bench',
      streams: {
        things: {
          key: 'key',
          partitions: 12,
          events: {
            'thing.needed': event(schema, { lane: 'critical' }),
            'thing.exported': event(schema, { lane: 'bulk' }),
          },
        },
      },
      subscriptions: { taker: { events: ['thing.needed', 'thing.exported'], concurrency: 64 } },
      transport: embedded({ directory }),
    }),
  )
}

/** Fills the bulk lane, in pieces. */
export async function fillBulk(app: ReturnType<typeof lanesApp>, count: number): Promise<void> {
  const piece = items('thing.exported', Math.min(count, 50_000))
  for (let stored = 0; stored < count; stored += piece.length) {
    allStored(await app.publishMany(piece.slice(0, count - stored)))
  }
}

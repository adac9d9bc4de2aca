/**
 * The application most scenarios measure: one stream, one subscription.
 * @module
 */
import { defineVeltrix, event, veltrix } from '../src/index.ts'
import { embedded } from '../src/transport/embedded/index.ts'
import { schema } from './payload.ts'

/** Typed file and app over a log in `directory`. */
export function streamApp(directory: string) {
  return veltrix(
    defineVeltrix({
      app: 'bench',
      streams: {
        things: { key: 'key', partitions: 12, events: { 'thing.done': event(schema, { lane: 'standard' }) } },
      },
      subscriptions: { taker: { events: ['thing.done'], concurrency: 64 } },
      transport: embedded({ directory }),
    }),
  )
}

/** The typed file of the tests of tracing. @module */
import { z } from 'zod'
import { defineVeltrix, event } from '../../../src/index.ts'

const order = z.object({ orderId: z.string(), n: z.number().default(0) })

/** Orders are placed, paid, mailed; reports are made in batches. */
export const shop = (app = 'shop', publisher: { readonly maxBatchEvents?: number } = {}) =>
  defineVeltrix({
    app,
    publisher,
    streams: {
      orders: {
        key: 'orderId',
        partitions: 2,
        events: { 'order.placed': event(order), 'order.paid': event(order), 'order.reported': event(order) },
      },
    },
    subscriptions: {
      billing: { events: ['order.placed'], retry: { attempts: 3, backoff: '1s..2s' } },
      mailer: { events: ['order.paid'] },
      reports: { events: ['order.reported'], batch: { maxEvents: 3, maxWait: '1m' }, retry: { backoff: '1s..2s' } },
    },
  })

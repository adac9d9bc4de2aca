/** The typed file of the gateway's tests. @module */
import { z } from 'zod'
import { defineVeltrix, event } from '../../src/index.ts'

const order = z.object({ orderId: z.string(), total: z.number().optional(), note: z.unknown().optional() })

/** The same under another name, where several share a log. */
export const shopAs = (app: string) =>
  defineVeltrix({
    app,
    lanes: { critical: { weight: 4 }, bulk: { weight: 1 } },
    streams: {
      orders: {
        key: 'orderId',
        partitions: 2,
        events: {
          'order.placed': event(order, { lane: 'critical' }),
          'order.exported': event(order, { lane: 'bulk' }),
        },
      },
    },
    publisher: { maxEventBytes: '64KiB' },
  })

export const shop = shopAs('shop')

/** The typed file of the gateway's tests. @module */
import { z } from 'zod'
import { defineVeltrix, event } from '../../src/index.ts'

const order = z.object({ orderId: z.string(), total: z.number().optional(), note: z.unknown().optional() })

export const shop = defineVeltrix({
  app: 'shop',
  lanes: { critical: { weight: 4 }, bulk: { weight: 1 } },
  streams: {
    orders: {
      key: 'orderId',
      partitions: 2,
      events: { 'order.placed': event(order, { lane: 'critical' }), 'order.exported': event(order, { lane: 'bulk' }) },
    },
  },
  publisher: { maxEventBytes: '64KiB' },
})

/**
 * A shop's checkout. An order is accepted on the critical lane and nothing there waits for the payment provider: the payment is an event
 * of its own, on the standard lane. Page views are bulk.
 * @module
 */
import { z } from 'zod'
import { embedded } from '../../src/transport/embedded/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import { defineVeltrix, event } from '../../src/index.ts'

const orderId = z.string().min(1)

/** Where this example keeps its log and its effects. */
export const directory = process.env['CHECKOUT_DIRECTORY'] ?? '.veltrix/checkout'

const brokers = process.env['KAFKA_BROKERS']

export default defineVeltrix({
  app: 'checkout',
  lanes: { critical: { weight: 8 }, standard: { weight: 3 }, bulk: { weight: 1, minShare: 0.05 } },
  streams: {
    orders: {
      key: 'orderId',
      partitions: 6,
      retention: '10m',
      retentionSize: '16MiB',
      events: {
        'order.placed': event(z.object({ orderId, sku: z.string(), total: z.number().positive(), email: z.email() }), {
          lane: 'critical',
          secret: ['email'],
        }),
        'order.changed': event(z.object({ orderId, note: z.string() }), { lane: 'critical' }),
      },
    },
    payments: {
      key: 'orderId',
      partitions: 6,
      retention: '10m',
      retentionSize: '16MiB',
      events: {
        'payment.requested': event(z.object({ orderId, amount: z.number().positive() }), { lane: 'standard' }),
      },
    },
    mail: {
      key: 'orderId',
      partitions: 3,
      retention: '10m',
      retentionSize: '16MiB',
      events: {
        'mail.requested': event(z.object({ orderId, to: z.email(), template: z.enum(['confirmation']) }), {
          lane: 'standard',
          secret: ['to'],
        }),
      },
    },
    visits: {
      key: 'visitorId',
      partitions: 6,
      retention: '10m',
      retentionSize: '16MiB',
      events: { 'page.viewed': event(z.object({ visitorId: z.string(), path: z.string() }), { lane: 'bulk' }) },
    },
  },
  subscriptions: {
    /** Takes the order in: asks for the payment and for the mail, and is done. */
    intake: { events: ['order.placed'], concurrency: 64 },
    /** Reserves stock. What it cannot do stops that order only, and what follows on the order waits until a person decides. */
    warehouse: {
      events: ['order.placed', 'order.changed'],
      concurrency: 64,
      retry: { attempts: 4, backoff: '50ms..400ms' },
      onDeadLetter: 'park-key',
    },
    /** Talks to the payment provider, which can be away: then the breaker opens, everything is kept, nobody else notices. */
    billing: {
      events: ['payment.requested'],
      concurrency: 64,
      retry: { attempts: 5, backoff: '100ms..2s' },
      breaker: { minKeys: 5, failingShare: 0.5, windowKeys: 20, probe: '200ms..800ms' },
    },
    mailer: { events: ['mail.requested'], concurrency: 32 },
    analytics: { events: ['page.viewed'], concurrency: 256, batch: { maxEvents: 200, maxWait: '20ms' } },
  },
  // An order waits for at most one such request of page views that is on its way to the disk already. Of 250 it would wait twice as long.
  publisher: { maxBatchEvents: 50 },
  // `veltrix dev --kafka` needs no such line; by it the other commands (`lanes`, `tail`, `dead`) look at a cluster too.
  transport: brokers === undefined ? embedded({ directory }) : kafka({ brokers }),
})

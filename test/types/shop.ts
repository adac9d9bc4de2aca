/** The typed file that the type tests are about. @module */
import { z } from 'zod'
import { defineVeltrix, event } from '../../src/config/index.ts'
import type {
  BatchHandler,
  EventHandler,
  EventsOf,
  Publish,
  PublishMany,
  SubscriptionNames,
} from '../../src/config/index.ts'

export const shop = defineVeltrix({
  app: 'shop',
  lanes: { critical: { weight: 8 }, standard: {}, bulk: { minShare: 0.05 } },
  streams: {
    orders: {
      key: 'orderId',
      events: {
        'order.placed': event(
          z.object({ orderId: z.string(), total: z.number(), at: z.date(), note: z.string().default('') }),
          { lane: 'critical', secret: ['note'] },
        ),
        'order.exported': event(z.object({ orderId: z.string() }), { lane: 'bulk' }),
      },
    },
    payments: {
      events: {
        'payment.settled': event(z.object({ payment: z.object({ id: z.number() }) }), {
          key: (data) => String(data.payment.id),
        }),
      },
    },
  },
  subscriptions: {
    billing: { events: ['order.placed', 'payment.settled'], retry: { attempts: 3, backoff: '1s..5m' } },
    exports: { events: ['order.exported'], timeout: '90s' },
  },
  publisher: { maxPendingBytes: '16MiB' },
})

export type Shop = typeof shop

export declare const publish: Publish<Shop>
export declare const publishMany: PublishMany<Shop>
export declare function handle<Sub extends SubscriptionNames<Shop>, Type extends EventsOf<Shop, Sub>>(
  subscription: Sub,
  type: Type,
  handler: EventHandler<Shop, Sub, Type, 'transaction'>,
): void
export declare function handleBatch<Sub extends SubscriptionNames<Shop>, Type extends EventsOf<Shop, Sub>>(
  subscription: Sub,
  type: Type,
  handler: BatchHandler<Shop, Sub, Type, 'transaction'>,
): void

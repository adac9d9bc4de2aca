import { z } from 'zod'
import { defineVeltrix, event } from '../../../src/config/index.ts'
export const config = defineVeltrix({
  app: 'a',
  streams: { s: { key: 'id', events: { 'order.placed': event(z.object({ id: z.string() })) } } },
  subscriptions: { billing: { events: ['order.placed'], retry: { attempts: 3, backof: '1s..2s' } } },
})

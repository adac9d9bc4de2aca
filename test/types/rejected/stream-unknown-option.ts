import { z } from 'zod'
import { defineVeltrix, event } from '../../../src/config/index.ts'
export const config = defineVeltrix({
  app: 'a',
  streams: { s: { key: 'id', partition: 3, events: { 'order.placed': event(z.object({ id: z.string() })) } } },
})

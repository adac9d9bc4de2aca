import { z } from 'zod'
import { defineVeltrix, event } from '../../../src/config/index.ts'
export const config = defineVeltrix({
  app: 'a',
  lanes: { standard: { wieght: 3 } },
  streams: { s: { key: 'id', events: { 'order.placed': event(z.object({ id: z.string() })) } } },
})

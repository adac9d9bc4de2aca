import { z } from 'zod'
import { defineVeltrix, event } from '../../../src/config/index.ts'
const orders = { 'order.placed': event(z.object({ id: z.string() })) }
export const config = defineVeltrix({
  app: 'a',
  streams: { s: { key: 'id', foreign: { adopt: 'order.plced' }, events: orders } },
})

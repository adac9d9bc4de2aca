import { z } from 'zod'
import { event } from '../../../src/config/index.ts'
export const placed = event(z.object({ orderId: z.string() }), { key: 'orderId', lnae: 'bulk' })

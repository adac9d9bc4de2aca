import { event } from '../../../src/config/index.ts'
export const placed = event({ orderId: 'string' })

import { publishMany } from '../shop.ts'
void publishMany([{ type: 'order.exported', data: { orderId: 'o' }, signal: AbortSignal.timeout(5) }])

import { publishMany } from '../shop.ts'
void publishMany([{ type: 'order.plced', data: { orderId: 'o' } }])

import { publish } from '../shop.ts'
void publish('order.exported', { orderId: 'o' }, { lane: 'bluk' })

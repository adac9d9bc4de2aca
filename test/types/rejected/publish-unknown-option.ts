import { publish } from '../shop.ts'
void publish('order.exported', { orderId: 'o' }, { prio: 1 })

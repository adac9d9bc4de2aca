import { publish } from '../shop.ts'
void publish('order.placed', { orderId: 'o', total: '12', at: new Date() })

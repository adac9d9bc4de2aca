import { publish } from '../shop.ts'
void publish('order.plced', { orderId: 'o' })

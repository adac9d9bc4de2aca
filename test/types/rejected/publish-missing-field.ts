import { publish } from '../shop.ts'
void publish('order.exported', {})

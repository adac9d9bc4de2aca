import { handleBatch } from '../shop.ts'
handleBatch('billing', 'order.exported', () => {})

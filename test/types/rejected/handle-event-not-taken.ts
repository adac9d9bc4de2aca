import { handle } from '../shop.ts'
handle('billing', 'order.exported', () => {})

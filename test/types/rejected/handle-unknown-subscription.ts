import { handle } from '../shop.ts'
handle('biling', 'order.placed', () => {})

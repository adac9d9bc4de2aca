import { handle } from '../shop.ts'
handle('billing', 'order.placed', (event) => event.data.totl)

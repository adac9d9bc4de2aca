import { handle } from '../shop.ts'
handle('exports', 'order.exported', (event, ctx) => ctx.publish('order.plced', event.data))

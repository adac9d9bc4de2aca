import { veltrix } from '../../../src/index.ts'
import { shop } from '../shop.ts'
veltrix(shop).pause('billing', { lane: 'bluk' })

import { veltrix } from '../../../src/index.ts'
import { shop } from '../shop.ts'
void veltrix(shop).start({ subscriptions: ['biling'] })

import { veltrix } from '../../../src/index.ts'
import { testApp } from '../../../src/testing/index.ts'
import { shop } from '../shop.ts'
void (await testApp(veltrix(shop))).handled('order.plced')

/** A whole life in four lines, for `veltrix.test.ts`. @module */
import { z } from 'zod'
import { defineVeltrix, event, veltrix } from '../src/index.ts'
import { embedded } from '../src/transport/embedded/index.ts'

const [directory] = process.argv.slice(2) as [string]
const config = defineVeltrix({
  app: 'brief',
  streams: { s: { key: 'key', partitions: 1, events: { step: event(z.object({ key: z.string() })) } } },
  subscriptions: { sub: { events: ['step'] } },
})
const app = veltrix(config, { transport: embedded({ directory }) }).handle('sub', 'step', () => {})
await app.start()
await app.publish('step', { key: 'a' })
await app.stop()
process.stdout.write('stopped\n')

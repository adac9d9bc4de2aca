/** An application that is told to leave while it starts, for `veltrix.test.ts`. @module */
import { z } from 'zod'
import { defineVeltrix, event, veltrix } from '../src/index.ts'
import { embedded } from '../src/transport/embedded/index.ts'

const [directory, afterMs] = process.argv.slice(2) as [string, string]
const config = defineVeltrix({
  app: 'early',
  streams: { s: { key: 'key', events: { step: event(z.object({ key: z.string() })) } } },
  subscriptions: { sub: { events: ['step'] } },
})
const app = veltrix(config, { transport: embedded({ directory }) }).handle('sub', 'step', () => {})
setTimeout(() => process.kill(process.pid, 'SIGTERM'), Number(afterMs))
await app.run()
// Only when the start was quicker than the signal.
await new Promise((resolve) => process.once('SIGTERM', resolve))

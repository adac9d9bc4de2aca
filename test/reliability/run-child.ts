/**
 * An application as a process of its own, for `run.test.ts`: `app.run()` with one handler that says what it does and waits to be told to
 * finish. `endless` ignores everything; `publish` puts two events of one key in first.
 * @module
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { defineVeltrix, event, veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'

const [directory, ...words] = process.argv.slice(2) as [string, ...string[]]
const say = (line: string): void => void writeSync(1, `${line}\n`)
const told = createInterface(process.stdin)
const finish = new Promise<void>((resolve) => told.once('line', () => resolve()))

const config = defineVeltrix({
  app: 'run',
  streams: { s: { key: 'key', partitions: 1, events: { step: event(z.object({ key: z.string(), n: z.number() })) } } },
  subscriptions: { sub: { events: ['step'] } },
  worker: { drainTimeout: words.includes('hasty') ? '100ms' : '30s' },
})
const app = veltrix(config, { transport: embedded({ directory }) }).handle('sub', 'step', async ({ data }, ctx) => {
  say(`begin ${data.n} attempt ${ctx.attempt}`)
  ctx.signal.addEventListener('abort', () => say(`abort ${(ctx.signal.reason as { code: string }).code}`))
  await (words.includes('endless') ? new Promise<never>(() => {}) : finish)
  say(`end ${data.n}`)
})
if (words.includes('publish')) for (const n of [1, 2]) await app.publish('step', { key: 'a', n })
await app.run()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => say(signal))
say('running')

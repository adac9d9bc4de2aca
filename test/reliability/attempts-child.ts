/**
 * One life of an application whose handler kills it, for `attempts.test.ts`. `lethal`: every attempt at the first event of "poison" ends the
 * process. `failing`: an attempt fails, the next one ends the process. Ends by itself, with 0, once the poison is a dead letter
 * and its follower was handled.
 * @module
 */
import { writeSync } from 'node:fs'
import { z } from 'zod'
import { channelOf, defineVeltrix, event, veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'

const [directory, kind, life] = process.argv.slice(2) as [string, 'lethal' | 'failing', string]
const say = (line: string): void => void writeSync(1, `${line}\n`)
const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}

const config = defineVeltrix({
  app: 'lives',
  streams: { s: { key: 'key', partitions: 1, events: { step: event(z.object({ key: z.string(), n: z.number() })) } } },
  subscriptions: { sub: { events: ['step'], retry: { attempts: 5, backoff: '1ms..2ms' } } },
})
const follower = Promise.withResolvers<void>()
const dead = new Promise<void>((resolve) => channelOf('veltrix:worker:dead').subscribe(() => resolve()))
let startedHere = 0
const app = veltrix(config, { transport: embedded({ directory }) }).handle('sub', 'step', ({ data }, ctx) => {
  if (data.n > 0) return void follower.resolve()
  say(`attempt ${ctx.attempt}`)
  if (kind === 'lethal' || ++startedHere === 2) return die()
  throw new Error('it fails')
})
if (life === '1') for (const n of [0, 1]) await app.publish('step', { key: 'poison', n })
await app.start()
await Promise.all([dead, follower.promise])
const { letters } = await (await app.deadLetters()).list('sub')
for (const { key, reason, attempts } of letters) say(`letter ${key} ${reason} ${attempts}`)
await app.stop()

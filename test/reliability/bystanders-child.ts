/**
 * One life of an application for `bystanders.test.ts`: five well events, and one whose every attempt ends the process a moment later, when the
 * others were started or handled beside it. Ends by itself, with 0, once nothing is left to do.
 * @module
 */
import { writeSync } from 'node:fs'
import { z } from 'zod'
import { channelOf, defineVeltrix, event, systemClock, veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'

const [directory, attempts, handlingMs, life] = process.argv.slice(2) as [string, string, string, string]
const say = (line: string): void => void writeSync(1, `${line}\n`)
const config = defineVeltrix({
  app: 'crowd',
  streams: { s: { key: 'key', partitions: 1, events: { step: event(z.object({ key: z.string() })) } } },
  subscriptions: { sub: { events: ['step'], retry: { attempts: Number(attempts) } } },
})
const app = veltrix(config, { transport: embedded({ directory }) }).handle('sub', 'step', ({ key }) => {
  say(`start ${key}`)
  return new Promise<void>((resolve) => {
    if (key === 'poison') systemClock.setTimer(40, () => process.kill(process.pid, 'SIGKILL'))
    else systemClock.setTimer(Number(handlingMs), resolve)
  })
})
if (life === '1') for (const key of ['poison', 'a', 'b', 'c', 'd', 'e']) await app.publish('step', { key })
const dead = new Promise<void>((resolve) => channelOf('veltrix:worker:dead').subscribe(() => resolve()))
await app.start()
await dead
while (app.status()[0]!.bufferedEvents > 0) await systemClock.yield()
const { letters } = await (await app.deadLetters()).list('sub')
for (const { key, reason, attempts } of letters) say(`letter ${key} ${reason} ${attempts}`)
await app.stop()

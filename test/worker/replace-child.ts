/**
 * One life of an application with a parked key, for `replace.test.ts`. `dies`: its head is replaced, and the process ends between the two
 * steps of that. `repeats`: replaces it once more, and tells what is handled.
 * @module
 */
import { writeSync } from 'node:fs'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { compile } from '../../src/config/index.ts'
import { DeadLetters, defineVeltrix, event, Unrecoverable, veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import type { Log } from '../../src/transport/index.ts'

const [directory, kind] = process.argv.slice(2) as [string, 'dies' | 'repeats']
const say = (line: string): void => void writeSync(1, `${line}\n`)

const config = defineVeltrix({
  app: 'lives',
  streams: { s: { key: 'key', partitions: 1, events: { step: event(z.object({ key: z.string(), n: z.number() })) } } },
  subscriptions: { sub: { events: ['step'], onDeadLetter: 'park-key' } },
})
const last = Promise.withResolvers<void>()
const app = veltrix(config, { transport: embedded({ directory }) }).handle('sub', 'step', ({ data }) => {
  if (data.n === 1) throw new Unrecoverable('it is one')
  say(`handled ${data.n}`)
  if (data.n === 3) last.resolve()
})
const log = await app.open()
const letters = new DeadLetters({
  log: kind === 'dies' ? dying(log) : log,
  config: compile(config),
  clock: systemClock,
})
const replacement = { data: { key: 'a', n: 10 }, reason: 'it should be ten' }

if (kind === 'dies') {
  for (const n of [1, 2, 3]) await app.publish('step', { key: 'a', n })
  await app.start()
  while ((await letters.list('sub')).total < 3) await new Promise(setImmediate)
  say('letters 3')
}
const listed = (await letters.list('sub')).letters.toReversed()
if (kind === 'repeats') {
  // A replaced letter lies behind the others in the dead topic.
  const byOrigin = listed.toSorted((a, b) => a.origin.offset - b.origin.offset)
  for (const { kind: what, replacedFrom } of byOrigin)
    say(`letter ${what}${replacedFrom === undefined ? '' : ' replaced'}`)
}
const head = listed.find(({ followers }) => followers === 2)!
const { outcome } = await letters.replace('sub', head.id, replacement)
say(`outcome ${outcome}`)
await app.start()
await last.promise
while ((await letters.list('sub')).total > 0) await new Promise(setImmediate)
const [ends] = await log.admin.offsets(['lives.sub.dead'])
say(`dead records ${ends!.end}`)
say(`left ${(await letters.list('sub')).total}`)
await app.stop()

/** The same log; the process ends as soon as something is stored in a dead topic through it. */
function dying(sound: Log): Log {
  return new Proxy(sound, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'append') return value.bind(target) as unknown
      return async (records: Parameters<Log['append']>[0]) => {
        const outcomes = await sound.append(records)
        if (records.some(({ topic }) => topic.endsWith('.dead'))) process.kill(process.pid, 'SIGKILL')
        return outcomes
      }
    },
  })
}

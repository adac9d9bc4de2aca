/**
 * A worker in a process of its own, which writes down everything its handlers do. Told "die before", "die in" or "die after" it kills itself
 * with SIGKILL at that point of its next attempt; told "stop" it drains and ends.
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import {
  channelOf,
  isVeltrixError,
  systemClock,
  veltrix,
  type ChannelMessages,
  type ChannelName,
  type HandlerContext,
} from '../../../src/index.ts'
import { sleep } from '../../../src/clock.ts'
import { sqliteInbox } from '../../../src/inbox/index.ts'
import { kafka } from '../../../src/transport/kafka/index.ts'
import type { WorkerOrders } from './children.ts'
import { addEffect, effectsFile } from './effects.ts'
import { placeOf } from './history/happening.ts'
import { Journal } from './history/journal.ts'
import { subscriptions, workload } from './workload.ts'

const { name, directory, brokers, app: appName, sessionMs, inbox } = JSON.parse(process.argv[2]!) as WorkerOrders
const journal = new Journal(directory, name)
const file = join(directory, effectsFile)
const transport = kafka({ brokers, heartbeatInterval: 500 })
/** Of a control run: effects are done, and nothing remembers that they were. */
const database = inbox === 'none' ? new DatabaseSync(file, { timeout: 30_000 }) : undefined
const store = inbox === 'sqlite' ? sqliteInbox({ path: file, busyTimeoutMs: 30_000 }) : undefined
const app = veltrix(workload(appName, sessionMs), { transport, inbox: store })

/** Thrown as often as an event asks for. */
class Planned extends Error {}

let doom: string | undefined
function dieIf(where: 'before' | 'in' | 'after'): void {
  if (doom !== where) return
  journal.write({ what: 'dying', where })
  process.kill(process.pid, 'SIGKILL')
}

/** What a channel tells, typed. */
function hear<Name extends ChannelName>(name: Name, told: (message: ChannelMessages[Name]) => void): void {
  channelOf(name).subscribe((message) => told(message as ChannelMessages[Name]))
}

hear('veltrix:worker:partitions', ({ subscription, change, partitions }) => {
  const places = partitions.map(({ topic, partition }) => placeOf(topic, partition))
  journal.write({ what: change, subscription, partitions: places })
  if (change === 'assigned') console.log('assigned')
})
hear('veltrix:worker:dead', ({ subscription, topic, partition, offset, attempt, reason }) => {
  journal.write({ what: 'dead', subscription, at: placeOf(topic, partition), offset, attempt, reason })
})
hear('veltrix:worker:trouble', ({ subscription, doing, error }) => {
  journal.write({ what: 'trouble', subscription, doing, code: isVeltrixError(error) ? error.code : String(error) })
})
hear('veltrix:worker:handled', () => dieIf('after'))

/** Whether it was done now. */
async function effect(subscription: string, id: string, ctx: Pick<HandlerContext, 'once'>): Promise<boolean> {
  if (database === undefined)
    return (await ctx.once((tx) => addEffect(tx as DatabaseSync, subscription, id, name))).applied
  addEffect(database, subscription, id, name)
  return true
}

let runs = 0
app.use((_, __, next) => {
  dieIf('before')
  return next()
})
for (const { name: subscription, effects } of subscriptions) {
  app.handle(subscription, 'step', async ({ id, data }, ctx) => {
    const run = ++runs
    const { key, sequence } = data
    const at = placeOf(ctx.topic, ctx.partition)
    journal.write({ what: 'start', run, subscription, id, key, sequence, attempt: ctx.attempt, at, offset: ctx.offset })
    try {
      await sleep(systemClock, data.ms, ctx.signal)
      if (ctx.attempt <= data.fails[subscription]) throw new Planned(`attempt ${ctx.attempt} is to fail`)
      if (effects) journal.write({ what: 'effect', run, subscription, applied: await effect(subscription, id, ctx) })
      if (effects) dieIf('in')
      journal.write({ what: 'end', run, subscription, outcome: 'ok' })
    } catch (error) {
      const outcome = error instanceof Planned ? 'failed' : ctx.signal.aborted ? 'interrupted' : 'unplanned'
      journal.write({ what: 'end', run, subscription, outcome, error: String(error) })
      throw error
    }
  })
}

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'stop') void app.stop().then(({ drained }) => process.exit(drained ? 0 : 3))
  else doom = line.replace('die ', '')
})
process.stdin.on('end', () => process.exit(1))
await app.start()
console.log('ready')

/**
 * What remembering an effect costs.
 * @module
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqliteInbox } from '../../src/inbox/index.ts'
import { defineVeltrix, event, veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { allStored, Countdown } from '../finish.ts'
import { items, schema } from '../payload.ts'
import { sized, type Scenario } from '../scenario.ts'

/** The handlers compared; each handles the same events from a log of its own. */
type Way = 'empty' | 'plain' | 'once'
const ways: readonly Way[] = ['empty', 'plain', 'once']

export default {
  name: 'inbox-price',
  title: 'price of the inbox (SQLite): empty handler ÷ effect with `ctx.once`',
  unit: '×',
  goal: { atMost: 3 },
  how: '20,000 waiting events, rate with an empty handler ÷ rate with a row written through `ctx.once` (WAL, synchronous=FULL); beside it the same row written by the handler itself without an inbox',
  async measure(round) {
    const rates = { empty: 0, plain: 0, once: 0 }
    for (const way of ways) rates[way] = await rate(join(round.directory, way), way, sized(round, 20_000))
    return {
      value: rates.empty / rates.once,
      parts: {
        'empty handler, events/s': rates.empty,
        'same effect, no inbox, events/s': rates.plain,
        'with ctx.once, events/s': rates.once,
        'effect without ÷ with inbox': rates.plain / rates.once,
      },
    }
  },
} satisfies Scenario

/** Events handled per second. */
async function rate(directory: string, way: Way, events: number): Promise<number> {
  mkdirSync(directory)
  const database = new DatabaseSync(join(directory, 'effects.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE effects (key TEXT NOT NULL)')
  const insert = database.prepare('INSERT INTO effects VALUES (?)')
  const config = defineVeltrix({
    app: 'bench',
    streams: { things: { key: 'key', partitions: 12, events: { 'thing.done': event(schema) } } },
    subscriptions: { taker: { events: ['thing.done'], concurrency: 256 } },
    transport: embedded({ directory }),
  })
  const countdown = new Countdown(events)
  const app = veltrix(config, { inbox: sqliteInbox({ database }) }).handle(
    'taker',
    'thing.done',
    async ({ data }, ctx) => {
      if (way === 'plain') insert.run(data.key)
      if (way === 'once') await ctx.once(() => void insert.run(data.key))
      countdown.tell()
    },
  )
  allStored(await app.publishMany(items('thing.done', events)))
  const startedAt = performance.now()
  await app.start()
  await countdown.reached
  const tookMs = performance.now() - startedAt
  await app.stop()
  database.close()
  return events / (tookMs / 1000)
}

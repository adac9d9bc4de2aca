/** `ctx.once` inside an application, over each store: an event that comes again, or fails after its effect, has one effect. @module */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { defineVeltrix, event, veltrix } from '../../src/index.ts'
import {
  memoryInbox,
  postgresInbox,
  sqliteInbox,
  type InboxStore,
  type MemoryTx,
  type PostgresClient,
} from '../../src/inbox/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import type { Transport } from '../../src/transport/index.ts'
import { HandlerInterrupted } from '../../src/worker/index.ts'
import { testApp } from '../../src/testing/index.ts'
import { pglitePool } from '../support/pglite-pool.ts'

const config = defineVeltrix({
  app: 'shop',
  streams: { orders: { key: 'orderId', partitions: 1, events: { placed: event(z.object({ orderId: z.string() })) } } },
  subscriptions: {
    billing: { events: ['placed'], retry: { attempts: 3, backoff: '1ms..2ms' } },
    mails: { events: ['placed'] },
  },
  // What the inbox is for: the worker's own memory of ids would let none of the repetitions through.
  worker: { dedupe: false },
})

/** An inbox, with an effect that writes a line and a look at the lines that are there. */
interface Effects<Tx> {
  readonly inbox: InboxStore<Tx>
  write(tx: Tx, line: string): unknown
  lines(): Promise<string[]>
}

async function inMemory(): Promise<Effects<MemoryTx>> {
  const inbox = memoryInbox()
  let count = 0
  return {
    inbox,
    write: (tx, line) => tx.set(`${count++}`, line),
    lines: async () => [...inbox.values().values()] as string[],
  }
}

async function inSqlite(): Promise<Effects<DatabaseSync>> {
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-once-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'shop.db')
  const reader = new DatabaseSync(path)
  onTestFinished(() => reader.close())
  reader.exec('create table lines (line text)')
  return {
    inbox: sqliteInbox({ path }),
    write: (tx, line) => tx.prepare('insert into lines values (?)').run(line),
    lines: async () => reader.prepare('select line from lines').all().map((row) => row['line'] as string), // prettier-ignore
  }
}

async function inPostgres(): Promise<Effects<PostgresClient>> {
  const pool = await pglitePool()
  onTestFinished(() => pool.end())
  await pool.database.exec('create table lines (line text)')
  return {
    inbox: postgresInbox({ pool }),
    write: (tx, line) => tx.query('insert into lines values ($1)', [line]),
    lines: async () =>
      (await pool.database.query<{ line: string }>('select line from lines')).rows.map(({ line }) => line),
  }
}

const stores: [string, () => Promise<Effects<any>>][] = [
  ['memory', inMemory],
  ['SQLite', inSqlite],
  ['Postgres', inPostgres],
]

test('an effect is refused while the session of the worker is over, and the attempt does not count', async () => {
  let leftMs = 1_000
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-once-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const inner = embedded({ directory, durability: 'none' })
  const transport: Transport = {
    ...inner,
    async open(how) {
      const log = await inner.open(how)
      const consume = log.consume.bind(log)
      log.consume = async (options) => {
        return Object.defineProperty(await consume(options), 'sessionLeftMs', { get: () => leftMs })
      }
      return log
    },
  }
  const inbox = memoryInbox()
  const refused: unknown[] = []
  const attempts: number[] = []
  const app = veltrix(config, { inbox }).handle('mails', 'placed', async ({ data }, ctx) => {
    attempts.push(ctx.attempt)
    // As after the process stood still: nothing was told yet.
    leftMs = attempts.length < 4 ? -1 : 1_000
    await ctx.once((tx) => tx.set(`${data.orderId}`, ctx.attempt)).catch((error: unknown) => {
      refused.push(error, ctx.signal.aborted)
      throw error
    })
  }).handle('billing', 'placed', () => {}) // prettier-ignore
  await using test = await testApp(app, { transport })
  await test.app.publish('placed', { orderId: 'o-1' })
  while (test.outcomes.length < 2) await test.clock.yield()
  expect(refused).toEqual(Array.from({ length: 3 }, () => [expect.any(HandlerInterrupted), true]).flat())
  expect(attempts).toEqual([1, 1, 1, 1])
  expect([...inbox.values()]).toEqual([['o-1', 1]])
})

describe.each(stores)('%s', (_, make) => {
  test('an attempt that fails after its effect, and an event that is stored again, have one effect each', async () => {
    const { inbox, write, lines } = await make()
    const applied: boolean[] = []
    const app = veltrix(config, { inbox })
      .handle('billing', 'placed', async ({ data }, ctx) => {
        const charge = await ctx.once((tx) => write(tx, `charge ${data.orderId}`))
        applied.push(charge.applied)
        if (ctx.attempt === 1) throw new Error('after the effect')
      })
      .handle('mails', 'placed', async ({ data }, ctx) => {
        await ctx.once('letter', (tx) => write(tx, `letter ${data.orderId}`))
        await ctx.once('stamp', (tx) => write(tx, `stamp ${data.orderId}`))
      })
    // Without its memory of ids the log stores an event again that is published again.
    const directory = await mkdtemp(join(tmpdir(), 'veltrix-once-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    const transport = embedded({ directory, durability: 'none', dedupeWindow: 0 })
    await using test = await testApp(app, { transport })
    for (let time = 0; time < 2; time++) await test.app.publish('placed', { orderId: 'o-1' }, { id: 'same' })
    await test.app.publish('placed', { orderId: 'o-2' })
    while (test.outcomes.length < 6) await test.clock.yield()
    expect(test.outcomes.map(({ what }) => what)).toEqual(Array.from({ length: 6 }, () => 'handled'))
    // Each of the three records fails once after its effect, so six attempts asked for two effects.
    expect(applied).toHaveLength(6)
    expect(applied.filter(Boolean)).toHaveLength(2)
    expect((await lines()).toSorted()).toEqual([
      'charge o-1',
      'charge o-2',
      'letter o-1',
      'letter o-2',
      'stamp o-1',
      'stamp o-2',
    ])
  })

  test('an effect that fails leaves nothing behind, and is done by the next attempt', async () => {
    const { inbox, write, lines } = await make()
    const app = veltrix(config, { inbox })
      .handle('billing', 'placed', async ({ data }, ctx) => {
        await ctx.once(async (tx) => {
          await write(tx, `charge ${data.orderId} in attempt ${ctx.attempt}`)
          if (ctx.attempt < 3) throw new Error('in the middle of it')
        })
      })
      .handle('mails', 'placed', () => {})
    await using test = await testApp(app)
    await test.app.publish('placed', { orderId: 'o-1' })
    expect((await test.handled('placed', undefined, { subscription: 'billing' })).attempt).toBe(3)
    expect(await lines()).toEqual(['charge o-1 in attempt 3'])
  })
})

test('without an inbox ctx.once says how to get one, and the event is a dead letter, not lost', async () => {
  const app = veltrix(config)
    .handle('billing', 'placed', (_event, ctx) => ctx.once(() => {}))
    .handle('mails', 'placed', () => {})
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-once-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const started = app.with({ transport: embedded({ directory, durability: 'none' }) })
  await started.start()
  await started.publish('placed', { orderId: 'o-1' })
  const letters = await started.deadLetters()
  await expect.poll(async () => (await letters.list('billing')).total).toBe(1)
  const [letter] = (await letters.list('billing')).letters
  expect(letter).toMatchObject({ errorName: 'InboxMissing', errorMessage: expect.stringContaining('sqliteInbox') })
  await started.stop()
})

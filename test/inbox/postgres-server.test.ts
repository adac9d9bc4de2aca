/**
 * The inbox on a real Postgres server: many connections, two processes' worth of pools, and what `pg` really answers.
 * @module
 */
import type { Pool, PoolClient } from 'pg'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { postgresInbox, type InboxStore } from '../../src/inbox/index.ts'
import { requirePart } from '../support/parts.ts'
import { missingPostgres, startPostgres, type PostgresServer } from '../support/postgres-server.ts'
import { entry } from './store-contract.ts'

describe('on a server', { timeout: 60_000 }, () => {
  let server: PostgresServer | undefined
  let pools: [Pool, Pool]
  let inboxes: [InboxStore<PoolClient>, InboxStore<PoolClient>]

  beforeEach(async (context) => {
    await requirePart(context, 'a Postgres server', missingPostgres)
    if (!server) {
      server = await startPostgres()
      pools = [server.pool(8), server.pool(8)]
    }
    await pools[0].query('drop table if exists veltrix_inbox, lines')
    await pools[0].query('create table lines (line text unique)')
    inboxes = [postgresInbox({ pool: pools[0] }), postgresInbox({ pool: pools[1] })]
  })
  afterAll(() => server?.stop())

  const lines = async (): Promise<string[]> =>
    (await pools[0].query<{ line: string }>('select line from lines order by line')).rows.map((row) => row.line)
  const write = async (tx: PoolClient, line: string): Promise<string> => {
    await tx.query('insert into lines values ($1)', [line])
    return line
  }

  test('makes its table once when two open at the same time', async () => {
    await Promise.all([...inboxes, postgresInbox({ pool: pools[1] })].map((inbox) => inbox.open()))
  })

  test('lets one of two processes run an effect, for many events at once', async () => {
    await Promise.all(inboxes.map((inbox) => inbox.open()))
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        const id = String(Math.floor(i / 2))
        return inboxes[i % 2]!.once(entry(id), (tx) => write(tx, id))
      }),
    )
    expect(results.filter(({ applied }) => applied)).toHaveLength(100)
    expect(results.every(({ value }, i) => value === String(Math.floor(i / 2)))).toBe(true)
    expect(await lines()).toHaveLength(100)
  })

  test('runs the effect of the second when the first fails while the second waits', async () => {
    const inside = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const first = inboxes[0].once(entry('a'), async (tx) => {
      await write(tx, 'first')
      inside.resolve()
      await gate.promise
      throw new Error('first fails')
    })
    await inside.promise
    const second = inboxes[1].once(entry('a'), (tx) => write(tx, 'second'))
    // The second one is waiting for the row once the server says so.
    await expect.poll(() => waiting(pools[0])).toBe(1)
    gate.resolve()
    await expect(first).rejects.toThrow('first fails')
    expect(await second).toEqual({ applied: true, value: 'second' })
    expect(await lines()).toEqual(['second'])
  })

  test('does not call an effect applied that went on after a failed statement', async () => {
    await pools[0].query(`insert into lines values ('taken')`)
    const careless = inboxes[0].once(entry('a'), async (tx) => {
      await tx.query('savepoint none_of_it')
      await write(tx, 'taken').catch(() => {})
    })
    await expect(careless).rejects.toMatchObject({ code: 'VLX_INBOX_UNAVAILABLE' })
    expect((await inboxes[0].once(entry('a'), (tx) => write(tx, 'fine'))).applied).toBe(true)
  })

  test('survives its connection being cut inside an effect', async () => {
    const cut = inboxes[0].once(entry('a'), async (tx) => {
      const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
      const ended = new Promise<void>((resolve) => tx.once('end', resolve))
      await pools[1].query('select pg_terminate_backend($1)', [rows[0]!.pid])
      // Before, a statement ends as the socket happens to notice it.
      await ended
      await write(tx, 'never')
    })
    await expect(cut).rejects.toThrow(/terminat|Connection/i)
    expect((await inboxes[0].once(entry('a'), (tx) => write(tx, 'later'))).applied).toBe(true)
    expect(await lines()).toEqual(['later'])
  })

  test('uses a table that is there without the right to make one', async () => {
    await inboxes[0].open()
    await pools[0].query('create role reader login; grant select, insert, update, delete on veltrix_inbox to reader')
    const client = await pools[1].connect()
    await client.query('set role reader')
    client.release()
    const only = { connect: async () => Object.assign(client, { release: () => {} }) }
    await expect(postgresInbox({ pool: only }).once(entry('a'), () => 1)).resolves.toEqual({ applied: true, value: 1 })
    await client.query('reset role')
  })
})

async function waiting(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into veltrix_inbox%'`,
  )
  return rows[0]!.n
}

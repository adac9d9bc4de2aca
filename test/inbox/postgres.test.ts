/**
 * The inbox in Postgres, on PGlite: one connection, the real SQL.
 * @module
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { postgresInbox, type PostgresClient } from '../../src/inbox/index.ts'
import { pglitePool, type PglitePool } from '../support/pglite-pool.ts'
import { entry, testStore } from './store-contract.ts'

let pool: PglitePool
beforeAll(async () => {
  pool = await pglitePool()
})
afterAll(() => pool.end())
beforeEach(async () => {
  await pool.database.exec('drop table if exists veltrix_inbox, lines; create table lines (line text)')
})

testStore(async () => ({
  inbox: postgresInbox({ pool }),
  write: async (tx: PostgresClient, line) => void (await tx.query('insert into lines values ($1)', [line])),
  lines: async () =>
    (await pool.database.query<{ line: string }>('select line from lines')).rows.map((row) => row.line),
  close: async () => {},
}))

test('maps the database’s trouble, keeping it as cause, and gives the client back', async () => {
  const released: unknown[] = []
  const down = new Error('terminating connection')
  const client: PostgresClient = { query: () => Promise.reject(down), release: (error) => released.push(error) }
  const broken = postgresInbox({ pool: { connect: async () => client } })
  await expect(broken.open()).rejects.toMatchObject({ code: 'VLX_INBOX_UNAVAILABLE', retryable: true, cause: down })
  // A client that cannot roll back is thrown away.
  expect(released).toEqual([down])
  const away = postgresInbox({ pool: { connect: () => Promise.reject(down) } })
  await expect(away.once(entry('a'), () => {})).rejects.toMatchObject({ code: 'VLX_INBOX_UNAVAILABLE' })
})

test('tries to open again after it failed', async () => {
  let down = true
  const flaky = { connect: () => (down ? Promise.reject(new Error('starting up')) : pool.connect()) }
  const inbox = postgresInbox({ pool: flaky })
  await expect(inbox.open()).rejects.toThrow('starting up')
  down = false
  await expect(inbox.once(entry('a'), () => {})).resolves.toEqual({ applied: true, value: undefined })
})

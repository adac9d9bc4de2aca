/**
 * The inbox in SQLite.
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { InboxUnavailable, sqliteInbox } from '../../src/inbox/index.ts'
import { entry, testStore, type StoreUnderTest } from './store-contract.ts'

async function freshFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-inbox-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return join(directory, 'shop.db')
}

function linesOf(database: DatabaseSync): string[] {
  return database
    .prepare('select line from lines')
    .all()
    .map((row) => row['line'] as string)
}

const write = (tx: DatabaseSync, line: string): void => void tx.prepare('insert into lines values (?)').run(line)

describe('with a connection of the caller', () => {
  testStore(async (): Promise<StoreUnderTest<DatabaseSync>> => {
    const database = new DatabaseSync(':memory:')
    database.exec('create table lines (line text)')
    const inbox = sqliteInbox({ database })
    const close = async (): Promise<void> => {
      await inbox.close()
      database.close()
    }
    return { inbox, write, lines: () => linesOf(database), close }
  })
})

describe('with a file', () => {
  testStore(async (): Promise<StoreUnderTest<DatabaseSync>> => {
    const path = await freshFile()
    const reader = new DatabaseSync(path)
    reader.exec('pragma journal_mode = wal; create table lines (line text)')
    const inbox = sqliteInbox({ path })
    const close = async (): Promise<void> => {
      await inbox.close()
      reader.close()
    }
    return { inbox, write, lines: () => linesOf(reader), close }
  })
})

function opened(busyTimeoutMs?: number): { database: DatabaseSync; inbox: ReturnType<typeof sqliteInbox> } {
  const database = new DatabaseSync(':memory:')
  database.exec('create table lines (line text unique on conflict rollback)')
  onTestFinished(() => database.close())
  return { database, inbox: sqliteInbox({ database, ...(busyTimeoutMs !== undefined && { busyTimeoutMs }) }) }
}

test('shares one transaction among effects that wait at the same time', async () => {
  const { database, inbox } = opened()
  await inbox.open()
  let commits = 0
  const committed = Symbol('committed')
  const seen = new Set<unknown>()
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      inbox.once(entry(`${i}`), (tx) => {
        // The total_changes of a connection counts on; a temporary table made once shows one transaction.
        if (!seen.has(committed)) {
          tx.exec('create temp table if not exists group_mark (n)')
          seen.add(committed)
          commits++
        }
        write(tx, `${i}`)
      }),
    ),
  )
  expect(results.every(({ applied }) => applied)).toBe(true)
  expect(commits).toBe(1)
  expect(linesOf(database)).toHaveLength(50)
})

test('of a group keeps the others when SQLite itself rolls everything back for one', async () => {
  const { database, inbox } = opened()
  await inbox.open()
  write(database, 'taken')
  const run = (id: string, line: string) => inbox.once(entry(id), (tx) => write(tx, line))
  const [first, clash, last] = await Promise.allSettled([run('a', 'one'), run('b', 'taken'), run('c', 'three')])
  expect(first).toMatchObject({ status: 'rejected', reason: { code: 'VLX_INBOX_UNAVAILABLE', retryable: true } })
  expect(clash).toMatchObject({ status: 'rejected', reason: { code: 'ERR_SQLITE_ERROR' } })
  expect(last).toMatchObject({ status: 'fulfilled' })
  expect((await run('a', 'one')).applied).toBe(true)
  expect(linesOf(database)).toEqual(['taken', 'three', 'one'])
})

test('says so when an effect ends the transaction itself', async () => {
  const { inbox } = opened()
  await expect(inbox.once(entry('a'), (tx) => tx.exec('commit'))).rejects.toThrow(/ended the transaction/)
  await expect(inbox.once(entry('b'), (tx) => write(tx, 'fine'))).resolves.toMatchObject({ applied: true })
})

test('waits while somebody else’s transaction is open on the connection, and gives up after its time', async () => {
  const { database, inbox } = opened(20)
  await inbox.open()
  database.exec('begin')
  await expect(inbox.once(entry('a'), () => {})).rejects.toThrow(InboxUnavailable)
  expect(database.isTransaction).toBe(true)
  database.exec('rollback')
  expect((await inbox.once(entry('a'), () => {})).applied).toBe(true)
})

test('waits for another process that is writing, and finds its row', async () => {
  const path = await freshFile()
  const [one, other] = [sqliteInbox({ path }), sqliteInbox({ path })]
  await Promise.all([one.open(), other.open()])
  const gate = Promise.withResolvers<void>()
  const slow = one.once(entry('a'), () => gate.promise.then(() => 'first'))
  const second = other.once(entry('a'), () => 'second')
  const elsewhere = other.once(entry('b'), () => 'b')
  await new Promise((resolve) => setImmediate(resolve))
  gate.resolve()
  expect(await slow).toEqual({ applied: true, value: 'first' })
  expect(await second).toEqual({ applied: false, value: 'first' })
  expect(await elsewhere).toEqual({ applied: true, value: 'b' })
  await Promise.all([one.close(), other.close()])
})

test('keeps the caller’s asynchronous context inside the effect', async () => {
  const { inbox } = opened()
  const request = new AsyncLocalStorage<string>()
  const seen = await Promise.all(
    ['x', 'y', 'z'].map((name) => request.run(name, () => inbox.once(entry(name), () => request.getStore()))),
  )
  expect(seen.map(({ value }) => value)).toEqual(['x', 'y', 'z'])
})

const setting = (tx: DatabaseSync, name: string): unknown => Object.values(tx.prepare(`pragma ${name}`).get()!)[0]

test('makes its own connection durable, and leaves the settings of one handed in alone', async () => {
  const path = await freshFile()
  const own = sqliteInbox({ path })
  const { value } = await own.once(entry('a'), (tx) => [setting(tx, 'journal_mode'), setting(tx, 'synchronous')])
  expect(value).toEqual(['wal', 2])
  await own.close()
  const database = new DatabaseSync(await freshFile())
  database.exec('pragma synchronous = normal')
  await sqliteInbox({ database }).once(entry('a'), () => {})
  expect([setting(database, 'journal_mode'), setting(database, 'synchronous')]).toEqual(['delete', 1])
  database.close()
})

test('names the trouble when its file cannot be opened, and can be opened once it can', async () => {
  const path = await freshFile()
  const inbox = sqliteInbox({ path: join(path, 'missing', 'shop.db') })
  await expect(inbox.open()).rejects.toMatchObject({ code: 'VLX_INBOX_UNAVAILABLE', cause: expect.any(Error) })
  await expect(inbox.once(entry('a'), () => {})).rejects.toThrow(InboxUnavailable)
  await inbox.close()
})

test('refuses neither or both of database and path', () => {
  expect(() => sqliteInbox({})).toThrow(TypeError)
  expect(() => sqliteInbox({ path: 'a', database: new DatabaseSync(':memory:') })).toThrow(/either/)
})

/** Many callers, one fsync; and no disk on the main thread. @module */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { record } from '../../conformance/harness.ts'
import { freshDirectory, openLog } from './directory.ts'

/** Transactions in a write-ahead log: frames that end one carry the size of the database after it. */
function transactionsIn(file: string): number {
  const bytes = readFileSync(file)
  const frameBytes = 24 + bytes.readUInt32BE(8)
  let transactions = 0
  for (let at = 32; at + frameBytes <= bytes.length; at += frameBytes) {
    const isCurrent = bytes.compare(bytes, 16, 24, at + 8, at + 16) === 0
    if (isCurrent && bytes.readUInt32BE(at + 4) > 0) transactions++
  }
  return transactions
}

test('appends that wait at the same time share a transaction, of one client and of several', async () => {
  const directory = freshDirectory()
  const [owner, other] = [await openLog(directory), await openLog(directory)]
  await owner.admin.createTopics([{ name: 't', partitions: 4, retentionMs: Infinity, retentionBytes: Infinity }])
  const wal = join(directory, 'log.db-wal')
  const before = transactionsIn(wal)
  const calls = Array.from({ length: 400 }, (_, n) =>
    (n % 2 === 0 ? owner : other).append([record('t', n % 4, `${n}`), record('t', (n + 1) % 4, `${n}`)]),
  )
  const outcomes = (await Promise.all(calls)).flat()
  expect(outcomes.filter((outcome) => 'offset' in outcome)).toHaveLength(800)
  const transactions = transactionsIn(wal) - before
  expect(transactions).toBeGreaterThan(0)
  expect(transactions).toBeLessThan(100)
  await Promise.all([owner.close(), other.close()])
})

test('no file of the main thread touches SQLite or the disk', () => {
  const room = fileURLToPath(new URL('../../../src/transport/embedded', import.meta.url))
  const files = readdirSync(room).filter((name) => name.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(5)
  for (const name of files) {
    const imports = [...readFileSync(join(room, name), 'utf8').matchAll(/^import (?!type )[^;]*? from '([^']+)'/gm)]
    const forbidden = imports.map(([, from]) => from!).filter((from) => /^node:(sqlite|fs)|\/thread\//.test(from))
    expect({ name, forbidden }).toEqual({ name, forbidden: [] })
  }
})

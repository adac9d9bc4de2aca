/** How long an id is remembered: exactly its window, whatever the clock does in between. @module */
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { logTables } from '../../../src/transport/embedded/thread/layout.ts'
import { idKey, UsedIds } from '../../../src/transport/embedded/thread/used-ids.ts'

const windowMs = 1_000
const at = 1_700_000_000_000
const used = { partitionId: 3, offset: 17, digest: 0xdead_beef }
const key = idKey({ scope: '/shop', id: 'o-1', digest: used.digest })

function idsIn(): { ids: UsedIds; rows: () => number } {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  database.exec(logTables)
  const rows = (): number => database.prepare('SELECT count(*) AS n FROM ids').get()!['n'] as number
  return { ids: new UsedIds(database, 'log.db', windowMs), rows }
}

test('until its window ends, and no longer', () => {
  const { ids } = idsIn()
  expect(ids.find(key, at)).toBeUndefined()
  ids.remember(key, used, at)
  expect(ids.find(key, at)).toEqual(used)
  expect(ids.find(key, at + windowMs - 1)).toEqual(used)
  expect(ids.find(key, at + windowMs)).toBeUndefined()
})

test('used anew after its window it counts from then', () => {
  const { ids } = idsIn()
  ids.remember(key, used, at)
  ids.remember(key, { ...used, offset: 18 }, at + windowMs)
  expect(ids.find(key, at + 2 * windowMs - 1)).toEqual({ ...used, offset: 18 })
})

test('a clock that goes back forgets nothing', () => {
  const { ids } = idsIn()
  ids.remember(key, used, at)
  expect(ids.find(key, at - 86_400_000)).toEqual(used)
})

test('what is past its window is removed a few at a time, and nothing else', () => {
  const { ids, rows } = idsIn()
  for (let n = 0; n < 10; n++) ids.remember(idKey({ scope: 's', id: `${n}`, digest: 0 }), used, at + n)
  expect(ids.prune(at + windowMs + 4, 3)).toBe(3)
  expect(ids.prune(at + windowMs + 4, 3)).toBe(2)
  expect(ids.prune(at + windowMs + 4, 3)).toBe(0)
  expect(rows()).toBe(5)
})

test('scope and id make one key and no other, also when they are long or read alike', () => {
  const long = 'x'.repeat(5_000)
  const wishes = [
    ['s', 'ab'],
    ['sa', 'b'],
    ['', 'sab'],
    ['s', `${long}1`],
    ['s', `${long}2`],
    [`s${long}`, '1'],
    ['s', 'e\u0301'],
    ['s', '\u00e9'],
  ] as const
  const keys = wishes.map(([scope, id]) => Buffer.from(idKey({ scope, id, digest: 0 })).toString('hex'))
  expect(new Set(keys).size).toBe(wishes.length)
})

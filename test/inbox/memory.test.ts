/**
 * The inbox in memory.
 * @module
 */
import { expect, test } from 'vitest'
import { memoryInbox } from '../../src/inbox/index.ts'
import { entry, testStore } from './store-contract.ts'

testStore(async () => {
  const inbox = memoryInbox()
  return {
    inbox,
    write: (tx, line) => tx.set('lines', [...((tx.get('lines') as string[] | undefined) ?? []), line]),
    lines: () => (inbox.values().get('lines') as string[] | undefined) ?? [],
    close: () => inbox.close(),
  }
})

test('hands out copies, so that a failed effect changes nothing through them', async () => {
  const inbox = memoryInbox()
  const account = { total: 1 }
  await inbox.once(entry('a'), (tx) => tx.set('account', account))
  account.total = 2
  const failing = inbox.once(entry('b'), (tx) => {
    ;(tx.get('account') as { total: number }).total = 3
    tx.delete('account')
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(inbox.values().get('account')).toEqual({ total: 1 })
  expect(inbox.size).toBe(1)
})

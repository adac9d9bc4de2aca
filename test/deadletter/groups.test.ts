/**
 * Groups of letters, parked keys, and pages of very many.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeadLetterIndex, DeadLetters } from '../../src/deadletter/index.ts'
import { Chain } from '../../src/deadletter/chain.ts'
import type { LetterState } from '../../src/deadletter/letter-states.ts'
import { bench, configOf, idOf, letter, subscription, type Bench } from './letters.ts'

async function desk(policy?: 'continue' | 'park-key'): Promise<Bench & { letters: DeadLetters }> {
  const on = await bench(subscription(policy))
  return { ...on, letters: new DeadLetters({ log: on.log, config: configOf(on.sub), clock: on.clock, by: 'ann' }) }
}

const declined = (amount: number): TypeError => new TypeError(`card of o-${amount} was declined at ${amount} EUR`)

describe('groups', () => {
  test('gather what failed alike, the largest first, and are a condition of a filter', async () => {
    const { letters, keep } = await desk('continue')
    await keep(
      letter(1, { key: 'a', error: declined(5) }),
      letter(2, { key: 'b', error: new Error('out of stock') }),
      letter(3, { key: 'a', error: declined(700) }),
      letter(4, { key: 'c', error: declined(80) }),
      letter(5, { key: 'c', error: declined(81), reason: 'unrecoverable' }),
    )
    const groups = await letters.groups('billing')
    expect(groups).toEqual([
      {
        group: expect.stringMatching(/^[\da-f]{12}$/),
        reason: 'attempts-exhausted',
        errorName: 'TypeError',
        pattern: 'card of o-# was declined at # EUR',
        count: 3,
        keys: 2,
        types: ['order.placed'],
        firstAt: 1600,
        lastAt: 4600,
      },
      expect.objectContaining({ reason: 'unrecoverable', count: 1, firstAt: 5600 }),
      expect.objectContaining({ pattern: 'out of stock', count: 1 }),
    ])
    const { letters: found } = await letters.list('billing', { group: groups[0]!.group })
    expect(found.map(({ id }) => id)).toEqual([4, 3, 1].map(idOf))
    expect(await letters.groups('billing', { since: 4000, reason: 'attempts-exhausted' })).toMatchObject([{ count: 1 }])
    const gone = await letters.discard('billing', { group: groups[0]!.group }, { reason: 'test' })
    expect(gone.map(({ outcome }) => outcome)).toEqual(['discarded', 'discarded', 'discarded'])
    expect(await letters.groups('billing')).toHaveLength(2)
  })

  test('a letter that failed again for another reason changes its group', async () => {
    const { letters, keep, say } = await desk('continue')
    await keep(letter(1, { error: declined(5) }), letter(2, { error: new Error('out of stock') }))
    const story = { chain: [{ name: 'Error', message: 'out of stock' }] }
    await say('redrive-requested', [1])
    await say('redrive-failed', [1], { error: story })
    expect(await letters.groups('billing')).toMatchObject([{ pattern: 'out of stock', count: 2 }])
  })

  test('of a long message all of it counts, not only what the index shows', async () => {
    const { letters, keep } = await desk('continue')
    const long = (end: string): Error => new Error(`${'9'.repeat(290)} ${'7'.repeat(100)} ${end}`)
    await keep(letter(1, { error: long('a') }), letter(2, { error: long('b') }))
    expect(await letters.groups('billing')).toHaveLength(2)
  })
})

test('parked keys: who waits behind what, most followers first', async () => {
  const { letters, keep, say } = await desk()
  const parked = { kind: 'parked' } as const
  await keep(letter(1, { key: 'a' }), letter(2, { key: 'b' }), letter(3, { key: 'b', ...parked }))
  await keep(letter(4, { key: 'b', ...parked }), letter(5, { key: 'c' }), letter(6, { key: 'c', ...parked }))
  const shown = async (limit?: number): Promise<unknown[]> => {
    const { keys, total } = await letters.parkedKeys('billing', limit === undefined ? {} : { limit })
    return [total, ...keys.map(({ key, head, followers, since }) => [key, head.id, followers, since])]
  }
  expect(await shown()).toEqual([3, ['b', idOf(2), 2, 2600], ['c', idOf(5), 1, 5600], ['a', idOf(1), 0, 1600]])
  expect(await shown(1)).toEqual([3, ['b', idOf(2), 2, 2600]])
  await say('redriven', [2])
  expect(await shown(1)).toEqual([3, ['b', idOf(3), 1, 3600]])
  const { letters: listed } = await letters.list('billing', { key: 'c' })
  expect(listed.map(({ followers }) => followers)).toEqual([0, 1])
  for (const limit of [0, 1.5, 10_001]) {
    await expect(letters.parkedKeys('billing', { limit })).rejects.toMatchObject({ field: 'limit' })
  }
})

test('a chain is what a sorted list is', () => {
  const entry = (offset: number, mark = 0): LetterState =>
    ({ id: idOf(offset), origin: { offset }, attempts: mark }) as unknown as LetterState
  const step = fc.oneof(
    fc.record({ what: fc.constant('add' as const), offset: fc.nat(300) }),
    fc.record({ what: fc.constant('first' as const), offset: fc.nat(300) }),
    fc.record({ what: fc.constantFrom('remove' as const, 'replace' as const), offset: fc.nat(300) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const chain = new Chain()
      let model: LetterState[] = []
      for (const [mark, { what, offset }] of steps.entries()) {
        const known = model.find((one) => one.origin.offset === offset)
        if (what === 'add' && !known) {
          chain.add(entry(offset))
          model = [...model, entry(offset)].sort((a, b) => a.origin.offset - b.origin.offset)
        } else if (what === 'first' && model[0]) {
          chain.remove(model[0])
          model = model.slice(1)
        } else if (what === 'remove') {
          chain.remove(entry(offset))
          model = model.filter((one) => one.origin.offset !== offset)
        } else if (what === 'replace') {
          chain.replace(entry(offset, mark))
          model = model.map((one) => (one.origin.offset === offset ? entry(offset, mark) : one))
        }
        expect([chain.size, chain.first]).toEqual([model.length, model[0]])
        const place = model.findIndex((one) => one.origin.offset === offset)
        expect(chain.behind(entry(offset))).toBe(place < 0 ? 0 : model.length - place - 1)
      }
      expect(chain.list()).toEqual(model)
    }),
  )
})

test('a hundred thousand letters: pages, groups, keys and counts say the same as a walk over all of them', async () => {
  const { letters, keep, log, sub } = await desk()
  const total = 100_000
  const each = (offset: number): Parameters<typeof letter>[1] =>
    offset % 2 === 0
      ? { key: 'one', ...(offset > 0 && { kind: 'parked' as const }) }
      : { key: `k${offset % 1000}`, error: declined(offset) }
  for (let from = 0; from < total; from += 10_000) {
    await keep(...Array.from({ length: 10_000 }, (_, index) => letter(from + index, each(from + index))))
  }
  const index = new DeadLetterIndex(log, sub)
  await index.refresh()
  const all = [...index.unresolved()].toReversed()
  expect(all).toHaveLength(total)

  const filter = { error: 'declined', since: 20_000_000 }
  const matching = all.filter(({ errorName, deadAt }) => errorName === 'TypeError' && deadAt >= filter.since)
  const first = await letters.list('billing', filter, { limit: 300 })
  expect(first.total).toBe(matching.length)
  expect(first.letters.map(({ id }) => id)).toEqual(matching.slice(0, 300).map(({ id }) => id))
  const second = await letters.list('billing', filter, { limit: 300, after: first.next! })
  expect(second.letters.map(({ id }) => id)).toEqual(matching.slice(300, 600).map(({ id }) => id))

  expect((await letters.groups('billing')).map(({ count, keys }) => [count, keys])).toEqual([
    [50_000, 500],
    [49_999, 1],
    [1, 1],
  ])
  const keys = await letters.parkedKeys('billing', { limit: 1 })
  expect(keys).toMatchObject({ total: 501, keys: [{ key: 'one', followers: 49_999 }] })
  expect((await letters.counts()).get('billing')).toMatchObject({ total, dead: 50_001, parked: 49_999 })
})

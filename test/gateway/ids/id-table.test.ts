/** The table of ids against a plain model: bounded, the oldest leave first, an id is found just when it was put in. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identify, identityWords, IdTable } from '../../../src/gateway/ids/id-table.ts'

function words(id: string, scope = 's'): Uint32Array {
  const made = new Uint32Array(identityWords)
  identify(scope, id, made, 0)
  return made
}

const maxIds = 16
const windowMs = 60_000

interface Entry {
  readonly id: number
  readonly digest: number
  readonly place: number
  readonly offset: number
  readonly second: number
}

/** The same by looking through a list. */
class Model {
  entries: Entry[] = []

  find(id: number, now: number): Entry | undefined {
    return this.entries.find((entry) => entry.id === id && (now - entry.second) * 1_000 <= windowMs)
  }

  add(entry: Entry): void {
    if (this.find(entry.id, entry.second) !== undefined) return
    this.entries = [...this.entries.filter(({ second }) => (entry.second - second) * 1_000 <= windowMs), entry].slice(
      -maxIds,
    )
  }
}

const step = fc.record({
  id: fc.nat(60),
  digest: fc.constantFrom(0, 1, 0xffff_ffff),
  place: fc.constantFrom(0, 7, 65_535),
  offset: fc.constantFrom(0, 5, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1),
  seconds: fc.constantFrom(0, 0, 0, 1, 30, 61),
})

test('whatever is put in at whatever time, it knows what a plain list knows, and no more than it may', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new IdTable({ maxIds, windowMs })
      const model = new Model()
      let second = 0
      for (const { id, digest, place, offset, seconds } of steps) {
        second += seconds
        table.add(words(`${id}`), 0, { digest, place, offset }, second * 1_000)
        model.add({ id, digest, place, offset, second })
        expect(table.count).toBeLessThanOrEqual(maxIds)
        for (let other = 0; other <= 60; other++) {
          const known = model.find(other, second)
          const { digest, place, offset } = known ?? {}
          const found = table.find(words(`${other}`), 0, second * 1_000)
          expect(found).toEqual(known && { digest, place, offset })
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('of more than it may hold, the oldest leave, and it says for how long back it knows all', () => {
  const table = new IdTable({ maxIds: 3, windowMs })
  const put = (id: string, ms: number) => table.add(words(id), 0, { digest: 1, place: 0, offset: 0 }, ms)
  put('a', 0)
  put('b', 10_000)
  put('c', 20_000)
  expect(table.reachMs(20_000)).toBe(windowMs)
  put('d', 25_000)
  expect(['a', 'b', 'c', 'd'].filter((id) => table.find(words(id), 0, 25_000))).toEqual(['b', 'c', 'd'])
  expect(table.reachMs(25_000)).toBe(15_000)
  // What was lost would be over by now.
  expect(table.reachMs(61_000)).toBe(windowMs)
  expect(table.find(words('b'), 0, 71_000)).toBeUndefined()
  expect(table.find(words('d'), 0, 71_000)).toBeDefined()
})

test('the first that was stored counts; source and id are told apart', () => {
  const table = new IdTable({ maxIds: 8, windowMs })
  table.add(words('1x', 's'), 0, { digest: 1, place: 0, offset: 7 }, 0)
  table.add(words('1x', 's'), 0, { digest: 2, place: 1, offset: 8 }, 0)
  expect(table.find(words('1x', 's'), 0, 0)).toEqual({ digest: 1, place: 0, offset: 7 })
  expect(table.find(words('x', 's1'), 0, 0)).toBeUndefined()
  expect(table.count).toBe(1)
})

test('a million of them, many times over, take the memory that is said', () => {
  const table = new IdTable({ maxIds: 1_000_000, windowMs })
  expect(table.bytes / 1_000_000).toBeLessThan(41)
  const made = new Uint32Array(identityWords)
  for (let nth = 0; nth < 2_500_000; nth++) {
    // Spread as hashes are, and quicker to make.
    for (let word = 0; word < identityWords; word++) made[word] = Math.imul(nth * 4 + word + 1, 0x9e3779b1)
    table.add(made, 0, { digest: nth, place: 0, offset: nth }, 0)
  }
  expect(table.count).toBe(1_000_000)
  let found = 0
  let wrong = 0
  for (let nth = 0; nth < 2_500_000; nth++) {
    for (let word = 0; word < identityWords; word++) made[word] = Math.imul(nth * 4 + word + 1, 0x9e3779b1)
    const known = table.find(made, 0, 0)
    if (known === undefined) continue
    found++
    if (known.offset !== nth) wrong++
  }
  expect([found, wrong]).toEqual([1_000_000, 0])
})

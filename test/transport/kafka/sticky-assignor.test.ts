/**
 * Sharing out partitions in a classic group: what holds whatever members come and go.
 * @module
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assign, type Subscriber } from '../../../src/transport/kafka/thread/sticky-assignor.ts'

type Place = { topic: string; partition: number }

const keyOf = ({ topic, partition }: Place): string => `${topic}/${partition}`
const member = (memberId: string, topics: string[], claims: Place[] = [], generation = 1): Subscriber => {
  return { memberId, topics, claims, generation }
}
const all = (topic: string, count: number): Place[] =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }))
const sizes = (shares: ReadonlyMap<string, readonly Place[]>): number[] => [...shares.values()].map((at) => at.length)

test('a new member gets nothing before the old one gave it back, then its share; nothing else moves', () => {
  const counts = new Map([['t', 6]])
  const first = assign([member('a', ['t'], all('t', 6)), member('b', ['t'])], counts)
  expect(sizes(first)).toEqual([3, 0])
  const kept = [...first.get('a')!]
  const second = assign([member('a', ['t'], kept, 2), member('b', ['t'], [], 2)], counts)
  expect(sizes(second)).toEqual([3, 3])
  expect(second.get('a')).toEqual(kept)
})

test('spreads every topic, so that a lane is not one member’s alone', () => {
  const counts = new Map([
    ['bulk', 4],
    ['critical', 4],
  ])
  const topics = [...counts.keys()]
  const claims = [...all('bulk', 4), ...all('critical', 4)]
  const shares = assign([member('a', topics, claims), member('b', topics)], counts)
  expect(shares.get('a')!.map(({ topic }) => topic)).toEqual(['bulk', 'bulk', 'critical', 'critical'])
})

test('of two that claim a partition the later generation is right; of the same generation neither', () => {
  const counts = new Map([['t', 1]])
  const claims = all('t', 1)
  const later = assign([member('a', ['t'], claims, 1), member('b', ['t'], claims, 2)], counts)
  expect(sizes(later)).toEqual([0, 1])
  const same = assign([member('a', ['t'], claims, 2), member('b', ['t'], claims, 2)], counts)
  expect(sizes(same)).toEqual([0, 0])
})

test('a member that subscribes to other topics gets only those', () => {
  const counts = new Map([
    ['one', 3],
    ['two', 1],
  ])
  const shares = assign([member('a', ['one']), member('b', ['two', 'gone'])], counts)
  expect(shares.get('a')!.map(keyOf)).toEqual(['one/0', 'one/1', 'one/2'])
  expect(shares.get('b')!.map(keyOf)).toEqual(['two/0'])
})

/** Plays rounds until nobody has to give anything back; what is claimed and not given is given up between them. */
function settle(members: Map<string, string[]>, held: Map<string, Place[]>, counts: ReadonlyMap<string, number>): void {
  for (let generation = 1; ; generation++) {
    const subscribers = [...members].map(([id, topics]) => member(id, topics, held.get(id) ?? [], generation))
    const shares = assign(subscribers, counts)
    for (const [id, places] of shares) {
      for (const place of places) {
        const others = [...held].filter(
          ([other, at]) => other !== id && at.some((each) => keyOf(each) === keyOf(place)),
        )
        expect(others).toEqual([])
      }
    }
    const moved = [...shares].filter(([id, places]) => (held.get(id) ?? []).some((place) => !has(places, place)))
    const before = [...held.values()].flat().length
    for (const id of members.keys()) held.set(id, [...shares.get(id)!])
    if (moved.length === 0 && before === [...held.values()].flat().length) return
    expect(generation).toBeLessThan(4)
  }
}

function has(places: readonly Place[], place: Place): boolean {
  return places.some((each) => keyOf(each) === keyOf(place))
}

test('whatever comes and goes: never two holders, everything held in two rounds, evenly, and little moves', () => {
  const topics = ['a', 'b', 'c']
  const change = fc.record({ who: fc.constantFrom('m1', 'm2', 'm3', 'm4'), joins: fc.boolean() })
  const counted = fc.tuple(...topics.map(() => fc.integer({ min: 0, max: 7 })))
  fc.assert(
    fc.property(counted, fc.array(change, { maxLength: 12 }), (numbers, changes) => {
      const counts = new Map(topics.map((topic, index) => [topic, numbers[index]!]))
      const total = numbers.reduce((sum, each) => sum + each, 0)
      const members = new Map<string, string[]>([['m0', topics]])
      const held = new Map<string, Place[]>()
      settle(members, held, counts)
      for (const { who, joins } of changes) {
        const before = new Map([...held].map(([id, places]) => [id, new Set(places.map(keyOf))]))
        if (joins) members.set(who, topics)
        else {
          members.delete(who)
          held.delete(who)
        }
        settle(members, held, counts)
        const loads = [...held.values()].map((places) => places.length)
        expect(loads.reduce((sum, each) => sum + each, 0)).toBe(total)
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
        // Who stays gives away no more than it must: what it has now and had before is as much as it could keep.
        for (const [id, places] of held) {
          const had = before.get(id)
          if (had === undefined) continue
          const kept = places.filter((place) => had.has(keyOf(place))).length
          expect(kept).toBe(Math.min(had.size, places.length))
        }
      }
    }),
    { numRuns: 300 },
  )
})

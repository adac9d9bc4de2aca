/**
 * The group coordinator alone: whatever happens, no partition has two holders, and in the end all are shared out evenly.
 * @module
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Coordinator, type Effect } from '../../../src/transport/embedded/thread/coordinator.ts'
import { type MemberSpec, partitionKey } from '../../../src/transport/embedded/thread/member.ts'
import type { Grant } from '../../../src/transport/embedded/protocol.ts'

const spec = (id: string, topics: readonly string[], sessionTimeoutMs = Infinity): MemberSpec => ({
  id,
  group: 'g',
  clientId: id,
  topics,
  startAt: 'earliest',
  sessionTimeoutMs,
})

/** Members as they see themselves, from the effects alone. */
class World {
  readonly sizes = new Map([
    ['a', 4],
    ['b', 3],
  ])
  readonly coordinator = new Coordinator(1_000, (topic) => this.sizes.get(topic))
  readonly held = new Map<string, Set<string>>()
  readonly asked: { id: string; partitions: readonly Grant[]; kept: Set<string> }[] = []
  now = 0

  apply(effects: readonly Effect[]): void {
    for (const effect of effects) {
      const { type, member, partitions } = effect
      const mine = this.held.get(member.id) ?? new Set()
      this.held.set(member.id, mine)
      if (effect.type === 'revoke') {
        const kept = new Set(effect.partitions.map(partitionKey))
        this.asked.push({ id: member.id, partitions: effect.partitions, kept })
      }
      for (const partition of partitions) {
        const key = partitionKey(partition)
        if (type === 'lost') {
          mine.delete(key)
          // What comes back after this is a new assignment, which a late answer to an old question does not end.
          for (const { id, kept } of this.asked) if (id === member.id) kept.delete(key)
        }
        if (type !== 'assign') continue
        for (const [id, others] of this.held) expect(others.has(key), `${key} is ${id}'s already`).toBe(false)
        mine.add(key)
      }
    }
  }

  join(id: string, topics: readonly string[], sessionTimeoutMs?: number): void {
    this.apply(this.coordinator.join(spec(id, topics, sessionTimeoutMs), this.now))
  }

  leave(id: string): void {
    this.held.delete(id)
    this.apply(this.coordinator.leave(id, this.now))
  }

  release(): void {
    const next = this.asked.shift()
    if (next === undefined) return
    for (const key of next.kept) this.held.get(next.id)?.delete(key)
    this.apply(this.coordinator.released(next.id, next.partitions, this.now))
  }

  settle(): void {
    while (this.asked.length > 0) this.release()
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant('join' as const), who: fc.nat(4), topics: fc.subarray(['a', 'b'], { minLength: 1 }) }),
  fc.record({ do: fc.constant('leave' as const), who: fc.nat(4) }),
  fc.record({ do: fc.constant('release' as const) }),
  fc.record({ do: fc.constant('tick' as const), ms: fc.nat(1_500) }),
)

test('whatever happens, nobody shares a partition, and what settles is complete and even by topic', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World()
      const present = new Map<number, { id: string; topics: string[] }>()
      for (const [index, each] of steps.entries()) {
        if (each.do === 'release') world.release()
        else if (each.do === 'tick') world.apply(world.coordinator.tick((world.now += each.ms)))
        else {
          const before = present.get(each.who)
          if (before !== undefined) world.leave(before.id)
          present.delete(each.who)
          if (each.do === 'leave') continue
          const member = { id: `m${index}`, topics: each.topics }
          present.set(each.who, member)
          world.join(member.id, member.topics)
        }
      }
      world.settle()
      for (const [topic, size] of world.sizes) {
        const takers = [...present.values()].filter((member) => member.topics.includes(topic))
        const counts = takers.map(
          ({ id }) => [...(world.held.get(id) ?? [])].filter((key) => key.endsWith(topic)).length,
        )
        if (takers.length === 0) continue
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(size)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 500 },
  )
})

test('a member that keeps its partitions too long loses them, and its commits count no more', () => {
  const world = new World()
  world.join('one', ['a'])
  world.join('two', ['a'])
  const { partitions } = world.asked[0]!
  expect(world.coordinator.holds('one', partitions)).toBe(true)
  world.apply(world.coordinator.tick(999))
  expect(world.held.get('two')?.size ?? 0).toBe(0)
  const effects = world.coordinator.tick(1_000)
  world.apply(effects)
  const given = effects.flatMap((effect) => (effect.type === 'assign' ? effect.partitions : []))
  expect(world.held.get('two')!.size).toBe(2)
  expect(world.held.get('one')!.size).toBe(2)
  expect(world.coordinator.holds('one', partitions)).toBe(false)
  // Its late answer takes nothing from anybody.
  world.apply(world.coordinator.released('one', partitions, 1_001))
  expect(given).toHaveLength(2)
  expect(world.coordinator.holds('two', given)).toBe(true)
})

test('a late answer to an earlier question does not answer the next one, and an old grant commits nothing', () => {
  const world = new World()
  world.join('one', ['a'])
  world.join('two', ['a'])
  const early = world.asked[0]!.partitions
  world.apply(world.coordinator.tick(1_000))
  world.leave('two')
  expect(world.held.get('one')!.size).toBe(4)
  world.join('three', ['a'])
  world.apply(world.coordinator.released('one', early, 1_000))
  expect(world.held.get('three')?.size ?? 0).toBe(0)
  expect(world.coordinator.holds('one', early)).toBe(false)
})

test('a silent member is dropped when its session ends, and its id never counts again', () => {
  const world = new World()
  world.join('one', ['a'], 500)
  world.join('two', ['a'])
  world.settle()
  world.coordinator.heard('one', 300)
  world.apply(world.coordinator.tick(799))
  expect(world.held.get('one')!.size).toBe(2)
  world.apply(world.coordinator.tick(800))
  expect(world.held.get('one')!.size).toBe(0)
  expect(world.held.get('two')!.size).toBe(4)
  expect(world.coordinator.holds('one', [])).toBe(false)
})

test('the odd partitions of several topics go to whoever has least', () => {
  const world = new World()
  world.sizes.set('a', 3)
  world.join('one', ['a', 'b'])
  world.join('two', ['a', 'b'])
  world.settle()
  expect([world.held.get('one')!.size, world.held.get('two')!.size]).toEqual([3, 3])
})

test('partitions of a topic that is deleted are lost, those of one that is made are given', () => {
  const world = new World()
  world.join('one', ['a', 'c'])
  world.sizes.delete('a')
  world.sizes.set('c', 2)
  world.apply(world.coordinator.topicsChanged(0))
  expect([...world.held.get('one')!].sort()).toEqual(['0/c', '1/c'])
})

/** Who may have ended an earlier process starts alone, once that was seen to happen again. @module */
import { expect, it } from 'vitest'
import { newKeyQueue, type Item } from '../../src/worker/item.ts'
import type { PartitionWork } from '../../src/worker/partition-work.ts'
import { Suspects } from '../../src/worker/suspects.ts'

const [one, other] = [{}, {}] as [PartitionWork, PartitionWork]

function suspect(offset: number, attempts: number): Item {
  const queue = newKeyQueue(`${offset}`)
  const times = { firstAttemptAt: 0, lastAttemptAt: 0 }
  return { offset, queue, bytes: 0, record: undefined, done: false, attempts, ...times, suspect: true }
}

function setUp(attempts = 3): { suspects: Suspects; started: number[] } {
  const started: number[] = []
  return { started, suspects: new Suspects(attempts, (_, item) => started.push(item.offset)) }
}

it('what was never counted starts at once, what was counted waits for its turn', () => {
  const { suspects, started } = setUp()
  const counted = [suspect(1, 1), suspect(2, 2)] as const
  for (const item of counted) suspects.add(one, item)
  for (const offset of [3, 4]) suspects.add(one, suspect(offset, 0))
  expect(started).toEqual([1, 3, 4])
  suspects.over(counted[1])
  expect(started).toHaveLength(3)
  suspects.over(counted[0])
  expect(started).toEqual([1, 3, 4, 2])
})

it('an only attempt is never shared', () => {
  const { suspects, started } = setUp(1)
  const first = suspect(1, 0)
  suspects.add(one, first)
  suspects.add(one, suspect(2, 0))
  expect(started).toEqual([1])
  suspects.over(first)
  expect(started).toEqual([1, 2])
})

it('what waits of a partition that ends is forgotten', () => {
  const { suspects, started } = setUp()
  const first = suspect(1, 1)
  suspects.add(one, first)
  suspects.add(one, suspect(2, 1))
  suspects.add(other, suspect(3, 1))
  suspects.drop((work) => work === one)
  suspects.over(first)
  expect(started).toEqual([1, 3])
})

/**
 * What a member holds and is to hold, without any broker.
 * @module
 */
import { expect, test } from 'vitest'
import { Holdings } from '../../../src/transport/kafka/thread/holdings.ts'

const place = (partition: number) => ({ topicId: 'id', partition })
const begin = { topic: 't', committedOffset: 0, metadata: new Uint8Array() }
/** Hands out everything that is missing. */
const giveAll = (holdings: Holdings) => holdings.missing().map((missing) => holdings.give(missing, begin)!)

test('asks a partition back once, owns it until it is released, and gives it anew under another number', () => {
  const holdings = new Holdings()
  expect(holdings.aim([place(0), place(1)])).toEqual([])
  const [zero, one] = giveAll(holdings) as [{ grant: number }, { grant: number }] & ReturnType<typeof giveAll>
  expect(holdings.missing()).toEqual([])
  expect(holdings.aim([place(0)])).toEqual([{ topic: 't', partition: 1, grant: one.grant }])
  expect(holdings.aim([place(0)])).toEqual([])
  expect(holdings.owned()).toEqual([{ topicId: 'id', partitions: [0, 1] }])
  expect(holdings.holds({ topic: 't', partition: 1, grant: one.grant })).toBe(true)
  // Wanted again before it was released: the release still comes first.
  expect(holdings.aim([place(0), place(1)])).toEqual([])
  expect(holdings.missing()).toEqual([])
  holdings.release([{ topic: 't', partition: 1, grant: one.grant }])
  expect(holdings.owned()).toEqual([{ topicId: 'id', partitions: [0] }])
  expect(holdings.holds({ topic: 't', partition: 1, grant: one.grant })).toBe(false)
  const [again] = giveAll(holdings)
  expect(again!.grant).not.toBe(one.grant)
  holdings.release([{ topic: 't', partition: 1, grant: one.grant }])
  expect(holdings.holds(again!)).toBe(true)
  expect(holdings.clear()).toHaveLength(2)
  expect(holdings.holds({ topic: 't', partition: 0, grant: zero.grant })).toBe(false)
  expect(holdings.missing()).toEqual([])
})

test('does not give what is no longer wanted, nor what was unwanted meanwhile: somebody else may have moved its position', () => {
  const holdings = new Holdings()
  holdings.aim([place(0)])
  const [early] = holdings.missing()
  holdings.aim([])
  expect(holdings.give(early!, begin)).toBeUndefined()
  holdings.aim([place(0)])
  expect(holdings.give(early!, begin)).toBeUndefined()
  holdings.aim([place(0), place(1)])
  expect(giveAll(holdings).map(({ partition }) => partition)).toEqual([0, 1])
})

test('claims what it holds and what it may hand out at any moment, until it is released', () => {
  const holdings = new Holdings()
  holdings.aim([place(0)])
  giveAll(holdings)
  holdings.aim([place(1)])
  const claims = holdings.claims()
  expect(claims.map(({ partition }) => partition).sort()).toEqual([0, 1])
  expect(holdings.hasGivenUp(claims)).toBe(false)
  holdings.release([{ topic: 't', partition: 0, grant: 1 }])
  expect(holdings.hasGivenUp(claims)).toBe(true)
  expect(holdings.hasGivenUp([place(1)])).toBe(false)
})

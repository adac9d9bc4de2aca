/**
 * What a member holds and is to hold, without any broker.
 * @module
 */
import { expect, test } from 'vitest'
import { Holdings } from '../../../src/transport/kafka/thread/holdings.ts'

const place = (partition: number) => ({ topicId: 'id', partition })
const begin = (partition: number) => {
  return { ...place(partition), topic: 't', committedOffset: 0, metadata: new Uint8Array() }
}

test('asks a partition back once, owns it until it is released, and gives it anew under another number', () => {
  const holdings = new Holdings()
  expect(holdings.aim([place(0), place(1)])).toEqual([])
  const [zero, one] = [holdings.give(begin(0))!, holdings.give(begin(1))!]
  expect(holdings.missing()).toEqual([])
  expect(holdings.aim([place(0)])).toEqual([{ topic: 't', partition: 1, grant: one.grant }])
  expect(holdings.aim([place(0)])).toEqual([])
  expect(holdings.owned()).toEqual([{ topicId: 'id', partitions: [0, 1] }])
  expect(holdings.holds(one)).toBe(true)
  // Wanted again before it was released: the release still comes first.
  expect(holdings.aim([place(0), place(1)])).toEqual([])
  expect(holdings.missing()).toEqual([])
  holdings.release([one])
  expect(holdings.owned()).toEqual([{ topicId: 'id', partitions: [0] }])
  expect(holdings.holds(one)).toBe(false)
  const again = holdings.give(begin(1))!
  expect(again.grant).not.toBe(one.grant)
  holdings.release([one])
  expect(holdings.holds(again)).toBe(true)
  expect(holdings.clear()).toHaveLength(2)
  expect(holdings.holds(zero)).toBe(false)
  expect(holdings.missing()).toEqual([])
})

test('does not give what is no longer wanted', () => {
  const holdings = new Holdings()
  holdings.aim([place(0)])
  holdings.aim([])
  expect(holdings.give(begin(0))).toBeUndefined()
})

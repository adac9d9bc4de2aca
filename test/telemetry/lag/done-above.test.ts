/**
 * What counts as delivered, of what lies above the committed position.
 * @module
 */
import { expect, test } from 'vitest'
import { doneAbove } from '../../../src/telemetry/lag/done-above.ts'
import { DeliveryRates, type LagReport, type TimedPartitionLag } from '../../../src/telemetry/lag/index.ts'
import { encodeCommitState } from '../../../src/worker/index.ts'

function row(committed: number, open: { offset: number; keyHash?: number }[], high: number): TimedPartitionLag {
  const entries = open.map((entry) => ({ ...entry, attempts: 1, firstAttemptAt: 1, lastAttemptAt: 1 }))
  const metadata = encodeCommitState(committed, { clean: true, reserved: high, high, open: entries }, 4_096)
  return {
    subscription: 'billing',
    lane: 'urgent',
    topic: 't',
    partition: 0,
    earliest: 0,
    end: 100,
    committed,
    metadata,
    next: committed,
    lag: 100 - committed,
    member: null,
    lagSeconds: null,
  }
}

test('all that the metadata says is done counts, and nothing beyond it', () => {
  const repeating = row(10, [{ offset: 10 }], 90)
  expect(doneAbove(repeating, 10, 100)).toBe(79)
  expect(doneAbove(repeating, 10, 50)).toBe(39)
  expect(doneAbove(repeating, 20, 50)).toBe(30)
  expect(doneAbove(row(10, [{ offset: 10, keyHash: 7 }, { offset: 40 }], 90), 10, 100)).toBe(77)
  expect(doneAbove(row(10, [], 10), 10, 100)).toBe(0)
  expect(doneAbove({ ...repeating, committed: null }, 10, 100)).toBe(0)
})

test('one key that is being repeated does not hold back the rate of its lane', () => {
  const rates = new DeliveryRates()
  const report = (second: number, end: number, one: TimedPartitionLag): LagReport => {
    const partition = { ...one, end, lag: end - one.next }
    return { at: second * 1_000, partitions: [partition], lanes: [{ ...partition, partitions: 1, members: [] }] }
  }
  rates.add(report(0, 0, row(0, [], 0)), [])
  rates.add(report(30, 100, row(0, [], 0)), [])
  const after = rates.add(report(100, 100, row(0, [{ offset: 0 }], 100)), [])
  expect(after).toMatchObject([{ lane: 'urgent', rate: 0.99 }])
  const dead = { subscription: 'billing', origin: { topic: 't', partition: 0, offset: 5 } }
  expect(rates.add(report(101, 100, row(0, [{ offset: 0 }], 100)), [dead])).toMatchObject([{ rate: 0.98 }])
})

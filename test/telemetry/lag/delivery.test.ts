import { expect, test } from 'vitest'
import { DeliveryRates, type LagReport, type TimedPartitionLag } from '../../../src/telemetry/lag/index.ts'

/** One lane with one partition, `done` of `end` records done, at a second. */
function report(second: number, end: number, done: number, earliest = 0): LagReport {
  const row: TimedPartitionLag = {
    subscription: 'billing',
    lane: 'urgent',
    topic: 't',
    partition: 0,
    earliest,
    end,
    committed: done,
    metadata: new Uint8Array(0),
    next: done,
    lag: end - done,
    member: null,
    lagSeconds: 0,
  }
  const lane = { ...row, partitions: 1, members: [] }
  return { at: second * 1000, partitions: [row], lanes: [lane] }
}

const letter = (offset: number) => ({ subscription: 'billing', origin: { topic: 't', partition: 0, offset } })

test('nothing is told before the window has passed; then what was stored before it counts', () => {
  const rates = new DeliveryRates()
  const rate = (...args: Parameters<typeof report>) => rates.add(report(...args), [])[0]!.rate
  expect(rate(0, 0, 0)).toBe(null)
  expect(rate(30, 100, 20)).toBe(null)
  // Of the 100 stored by second 30, 80 are done; what came after does not count yet.
  expect(rate(90, 500, 80)).toBe(0.8)
  // Late, but delivered.
  expect(rate(95, 500, 100)).toBe(1)
})

test('a dead letter is done and not handled, until it is resolved', () => {
  const rates = new DeliveryRates()
  rates.add(report(0, 0, 0), [])
  rates.add(report(30, 10, 0), [])
  const letters = [letter(3), letter(4), letter(400), { ...letter(5), subscription: 'reports' }]
  expect(rates.add(report(100, 10, 10), letters)[0]!.rate).toBe(0.8)
  expect(rates.add(report(101, 10, 10), [])[0]!.rate).toBe(1)
  // Not done yet: it is missing once, not twice.
  expect(rates.add(report(102, 10, 3), [letter(3)])[0]!.rate).toBe(0.3)
})

test('what was stored before the period is forgotten, and a lane without traffic has no rate', () => {
  const rates = new DeliveryRates()
  let last: number | null = null
  // 100 that are never handled, then nothing; then 100 that are.
  for (let second = 0; second <= 700; second += 15) {
    last = rates.add(report(second, second < 600 ? 100 : 200, second < 600 ? 0 : 200), [])[0]!.rate
    if (second === 300) expect(last).toBe(null)
  }
  expect(last).toBe(1)
})

test('records that retention removed do not count', () => {
  const rates = new DeliveryRates()
  rates.add(report(0, 0, 0), [])
  rates.add(report(30, 100, 0), [])
  expect(rates.add(report(100, 100, 100, 40), [])[0]!.rate).toBe(1)
})

/**
 * CEL filters: what they match, what is not asked, and when they are given up.
 * @module
 */
import { expect, test } from 'vitest'
import { filterOf } from '../../src/dashboard/tail/filter.ts'

const event = {
  type: 'order.placed',
  key: 'o-1',
  lane: 'critical',
  data: { total: 120.5, items: [{ n: 1 }, { n: 5 }], name: 'Ada' },
}
const still = (): number => 0

test.for([
  ['event.type == "order.placed"', true],
  ['event.data.total > 100', true],
  ['event.data.total > 100.0 && event.lane in ["bulk", "critical"]', true],
  ['event.data.items.exists(i, i.n > 4)', true],
  ['event.data.items.all(i, i.n > 4)', false],
  ['has(event.data.coupon)', false],
  ['!has(event.data.coupon)', true],
  ['event.key.startsWith("o-") && event.key.contains("-")', true],
  ['size(event.data.items) == 2', true],
  // What is no field, no boolean or another type is no match, and no error.
  ['event.data.coupon.code == "x"', false],
  ['event.data', false],
  ['event.data.name > 3', false],
] as const)('%s: %s', ([text, matches]) => {
  expect(filterOf([text], still).matches(event)).toBe(matches)
})

test.for([
  'event.data.total >',
  '1 + 1',
  '"text"',
  'process.exit()',
  'event.type.matches("(a+)+$")',
  'matches(event.type, "(a+)+$")',
  'event.constructor("x")',
  'event.l.all(a, event.l.all(b, event.l.all(c, true)))',
  `event.x == "${'x'.repeat(1_000)}"`,
  Array.from({ length: 200 }, () => 'true').join(' && '),
  `${'('.repeat(50)}true${')'.repeat(50)} == ${'[['.repeat(20)}1${']]'.repeat(20)}`,
])('%s is not taken', (text) => {
  expect(() => filterOf([text], still)).toThrow('The filter is not taken')
})

test('at most eight are asked at once', () => {
  expect(() =>
    filterOf(
      Array.from({ length: 9 }, () => 'true'),
      still,
    ),
  ).toThrow('at most 8')
})

test('nothing of an object but its fields is there', () => {
  for (const text of ['has(event.__proto__)', 'has(event.constructor)', 'event.toString != null']) {
    expect(filterOf([text], still).matches(event)).toBe(false)
  }
})

test('one that takes long is given up, and says so', () => {
  let now = 0
  const filter = filterOf(['event.lane == "critical"'], () => (now += 11))
  expect(filter.matches(event)).toBe(true)
  expect(filter.givenUp).toBeUndefined()
  const slow = filterOf(['event.lane == "critical"'], () => (now += 21))
  slow.matches(event)
  expect(slow.givenUp).toContain('20 ms')
  expect(slow.matches(event)).toBe(false)
})

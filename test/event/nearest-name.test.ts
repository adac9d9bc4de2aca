/** "Did you mean". @module */
import { expect, test } from 'vitest'
import { EventUnknownType, nearestName } from '../../src/event/index.ts'

test.each([
  ['order.plced', 'order.placed'],
  ['Critical', 'critical'],
  ['bluk', 'bulk'],
  ['standart', 'standard'],
  ['xyz', undefined],
  ['', undefined],
])('%j is near %j', (name, expected) => {
  expect(nearestName(name, ['order.placed', 'critical', 'bulk', 'standard'])).toBe(expected)
})

test('an unknown type names the nearest and the declared ones', () => {
  const error = new EventUnknownType('order.plced', ['order.placed', 'order.exported'])
  expect(error.message).toContain('Did you mean "order.placed"?')
  expect(error.message).toContain('"order.exported"')
  expect(new EventUnknownType(undefined, []).message).toContain('Declared: none')
})

import { expect, test } from 'vitest'
import { rateByLane } from '../../src/dashboard/live/deliveries.ts'

test('subscriptions of a lane count by what they had to do', () => {
  const rows = [
    { subscription: 'a', lane: 'x', rate: 1, acknowledged: 90, handled: 90 },
    { subscription: 'b', lane: 'x', rate: 0, acknowledged: 10, handled: 0 },
    { subscription: 'a', lane: 'y', rate: null, acknowledged: 0, handled: 0 },
  ]
  expect([...rateByLane(rows)]).toEqual([['x', 0.9]])
})

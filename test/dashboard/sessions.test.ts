/**
 * Sessions: how long they live, and how many there are.
 * @module
 */
import { expect, test } from 'vitest'
import { everything } from '../../src/dashboard/http/rights.ts'
import { isSame, newSecret, Sessions } from '../../src/dashboard/http/sessions.ts'
import { systemClock, type Clock } from '../../src/clock.ts'

const hour = 3_600_000

function atHand() {
  let now = 0
  const clock: Clock = { ...systemClock, monotonic: () => now }
  return { sessions: new Sessions(clock, 12 * hour), later: (ms: number) => (now += ms) }
}

test('a session lives for as long as it is asked for, or has a stream', () => {
  const { sessions, later } = atHand()
  const secret = sessions.begin('ada', everything(false))
  const { ended, seen } = sessions.find(secret)!
  later(11 * hour)
  expect(sessions.find(secret)).toMatchObject({ by: 'ada' })
  later(11 * hour)
  seen()
  later(11 * hour)
  expect(sessions.find(secret)).toBeDefined()
  later(12 * hour)
  expect(sessions.find(secret)).toBeUndefined()
  expect(ended.aborted).toBe(true)
})

test('of too many the one used longest ago ends', () => {
  const { sessions } = atHand()
  const secrets = Array.from({ length: 256 }, () => sessions.begin('ada', everything(false)))
  const second = sessions.find(secrets[1]!)!
  // It was used just now, so the next one that goes is not it.
  sessions.find(secrets[0]!)
  sessions.begin('ada', everything(false))
  expect(secrets.filter((secret) => sessions.find(secret) === undefined)).toEqual([secrets[2]])
  sessions.endAll()
  expect(second.ended.aborted).toBe(true)
  expect(sessions.find(secrets[0]!)).toBeUndefined()
})

test('secrets are long, differ, and are compared whole', () => {
  const [one, other] = [newSecret(), newSecret()]
  expect([one.length, newSecret(16).length]).toEqual([43, 22])
  expect(one).not.toBe(other)
  expect([isSame(one, one), isSame(one, other), isSame(one, one.slice(0, -1)), isSame(one, '')]).toEqual([
    true,
    false,
    false,
    false,
  ])
})

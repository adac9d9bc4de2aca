import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../src/worker/breaker.ts'

const options = { minKeys: 5, failingShare: 0.5, windowKeys: 20, probeMinMs: 1_000, probeMaxMs: 8_000 }

function breaker(): CircuitBreaker {
  return new CircuitBreaker(options, () => 1)
}

function attempt(of: CircuitBreaker, key: string, ok: boolean, now = 0): ReturnType<CircuitBreaker['ended']> {
  of.started(now)
  return of.ended(key, ok, now)
}

describe('CircuitBreaker', () => {
  it('stays closed for a poison key that fails again and again among well ones', () => {
    const subject = breaker()
    for (let i = 0; i < 200; i++) {
      attempt(subject, `ok-${i % 10}`, true)
      expect(attempt(subject, 'poison', false).counts).toBe(true)
    }
    expect(subject.state).toBe('closed')
  })

  it('stays closed when a single key is all there is', () => {
    const subject = breaker()
    for (let i = 0; i < 50; i++) expect(attempt(subject, 'only', false).counts).toBe(true)
    expect(subject.state).toBe('closed')
  })

  it('opens when most keys fail, and then does not blame the events', () => {
    const subject = breaker()
    const counted = Array.from({ length: 8 }, (_, i) => attempt(subject, `key-${i}`, false).counts)
    expect(counted).toEqual([true, true, true, true, false, false, false, false])
    expect(subject.state).toBe('open')
    expect(subject.waitMs(0)).toBe(1_000)
  })

  it('probes one at a time, waits longer after each failed probe, up to its limit', () => {
    const subject = breaker()
    for (let i = 0; i < 5; i++) attempt(subject, `key-${i}`, false)
    let now = 1_000
    const waits: number[] = []
    for (let i = 0; i < 5; i++) {
      expect(subject.waitMs(now)).toBe(0)
      subject.started(now)
      expect(subject.state).toBe('half-open')
      expect(subject.waitMs(now)).toBe(Infinity)
      subject.ended(`key-${i}`, false, now)
      waits.push(subject.waitMs(now))
      now += subject.waitMs(now)
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 8_000, 8_000])
  })

  it('closes after successful probes, doubling how many run, and starts afresh', () => {
    const subject = breaker()
    for (let i = 0; i < 20; i++) attempt(subject, `key-${i}`, false)
    let closed = false
    for (let i = 0; i < 20 && !closed; i++) closed = attempt(subject, `key-${i}`, true, 1_000).closedNow
    expect(closed).toBe(true)
    expect(subject.waitMs(1_000)).toBe(0)
    expect(attempt(subject, 'key-1', false, 1_000).counts).toBe(true)
  })

  it('an interrupted probe says nothing and lets the next one start', () => {
    const subject = breaker()
    for (let i = 0; i < 5; i++) attempt(subject, `key-${i}`, false)
    subject.started(1_000)
    subject.interrupted()
    expect(subject.waitMs(1_000)).toBe(0)
    expect(subject.state).toBe('half-open')
  })
})

/**
 * The canary's account: whatever happens in whatever order, nothing is counted twice and nothing is left out.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Account } from '../../src/canary/index.ts'

const lostAfterMs = 100

type Step =
  | { readonly do: 'send' }
  | { readonly do: 'skip' }
  | { readonly do: 'acknowledge'; readonly which: number }
  | { readonly do: 'see'; readonly which: number }
  | { readonly do: 'failed' | 'unknown'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number }

const which = fc.nat(30)
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>({ do: 'send' }) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'skip' }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), which }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('failed' as const, 'unknown' as const), which }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('see' as const), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(120) }) },
  ),
  // By default arrays are much shorter, and hardly anything comes in another order.
  { maxLength: 200, size: 'max' },
)

/** What each probe went through, judged afterwards by its history alone. */
interface Told {
  acknowledgedAt?: number
  refused?: 'failed' | 'unknown'
  readonly reads: number[]
  /** Of the first look at which it had been due for too long. */
  expiredAt?: number
}

class Oracle {
  readonly told: Told[] = []
  readonly readOrder: number[] = []
  skipped = 0

  expire(now: number): void {
    for (const each of this.told) {
      if (each.acknowledgedAt === undefined || each.reads.length > 0) continue
      if (now - each.acknowledgedAt >= lostAfterMs) each.expiredAt ??= now
    }
  }

  counts() {
    const count = (of: (told: Told) => boolean): number => this.told.filter(of).length
    const isAcked = (told: Told): boolean => told.acknowledgedAt !== undefined
    const isRead = (told: Told): boolean => told.reads.length > 0
    return {
      attempts: this.told.length + this.skipped,
      skipped: this.skipped,
      acknowledged: count(isAcked),
      failed: count(({ refused }) => refused === 'failed'),
      unknown: count(({ refused }) => refused === 'unknown'),
      inFlight: count((told) => !isAcked(told) && told.refused === undefined),
      seen: count((told) => isAcked(told) && isRead(told) && told.expiredAt === undefined),
      pending: count((told) => isAcked(told) && !isRead(told) && told.expiredAt === undefined),
      lost: count(({ expiredAt }) => expiredAt !== undefined),
      late: count((told) => told.expiredAt !== undefined && isRead(told)),
      unacknowledged: count((told) => told.refused !== undefined && isRead(told)),
      duplicates: this.told.reduce((sum, { reads }) => sum + Math.max(0, reads.length - 1), 0),
      outOfOrder: this.readOrder.filter((number, place) => this.readOrder.slice(0, place).some((one) => one > number))
        .length,
    }
  }
}

function play(all: readonly Step[]): { account: Account; oracle: Oracle; now: number } {
  const account = new Account(lostAfterMs, 0)
  const oracle = new Oracle()
  let now = 0
  const moment = () => ({ at: now, wall: now })
  for (const step of all) {
    const told = 'which' in step ? oracle.told[step.which - 1] : undefined
    const isOpen = told?.acknowledgedAt === undefined && told?.refused === undefined
    if (step.do === 'send') {
      expect(account.send(moment())).toBe(oracle.told.push({ reads: [] }))
    } else if (step.do === 'skip') {
      account.skip()
      oracle.skipped++
    } else if (step.do === 'wait') {
      now += step.ms
      account.expire(now)
      oracle.expire(now)
    } else if (step.do === 'see') {
      // Also of probes that were never sent.
      account.see(step.which, now, now)
      if (told === undefined) continue
      if (told.reads.push(now) === 1) oracle.readOrder.push(step.which)
    } else if (step.do === 'acknowledge') {
      account.acknowledge(step.which, moment())
      if (told !== undefined && isOpen) told.acknowledgedAt = now
    } else {
      account.fail(step.which, step.do)
      if (told !== undefined && isOpen) told.refused = step.do
    }
    const { counts } = account
    expect(counts.acknowledged).toBe(counts.seen + counts.pending + counts.lost)
    expect(counts.attempts).toBe(
      counts.acknowledged + counts.failed + counts.unknown + counts.skipped + counts.inFlight,
    )
    expect(counts.late).toBeLessThanOrEqual(counts.lost)
  }
  return { account, oracle, now }
}

test('what is counted is what happened, in any order', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const { account, oracle } = play(all)
      expect(account.counts).toEqual(oracle.counts())
    }),
    { numRuns: 500 },
  )
})

test('durations are taken once of each probe that was acknowledged, and once of each that was read and acknowledged', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const { account } = play(all)
      const { acknowledged, seen, late } = account.counts
      expect(account.ack.count).toBe(acknowledged)
      expect(account.endToEnd.count).toBe(seen + late)
    }),
    { numRuns: 500 },
  )
})

test('what is remembered stays bounded, and the newest 10,000 are still told from duplicates', () => {
  const account = new Account(lostAfterMs, 0)
  for (let number = 1; number <= 25_000; number++) {
    account.send({ at: number, wall: number })
    account.acknowledge(number, { at: number, wall: number })
    account.see(number, number, number)
  }
  account.see(24_000, 25_000, 25_000)
  account.see(1, 25_000, 25_000)
  expect(account.counts).toMatchObject({ seen: 25_000, duplicates: 2, outOfOrder: 0, pending: 0 })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CompiledLane } from '../../src/config/index.ts'
import { effectiveShares, LaneScheduler, quietMs } from '../../src/worker/lane-scheduler.ts'

function lanes(...specs: { weight: number; minShare?: number }[]): CompiledLane[] {
  return specs.map(({ weight, minShare = 0.01 }, index) => ({ name: `lane-${index}`, index, weight, minShare }))
}

/** Runs one-slot work of the given length until `total` slot-time is used; every lane in `busy` always has work. */
function slotTime(
  scheduler: LaneScheduler,
  busy: readonly number[],
  costMs: (lane: number) => number,
  starts: number,
): number[] {
  const used = [0, 0, 0]
  for (let i = 0; i < starts; i++) {
    const lane = scheduler.pick(0, (index) => busy.includes(index))
    scheduler.started(lane)
    scheduler.finished(lane, costMs(lane))
    used[lane]! += costMs(lane)
  }
  return used
}

it('tells starts and slot-time of each lane', () => {
  const scheduler = new LaneScheduler(lanes({ weight: 1 }, { weight: 1 }), 4, 'weighted')
  scheduler.started(0)
  scheduler.started(1)
  scheduler.finished(0, 12.5)
  scheduler.started(0)
  scheduler.finished(0, 0.01)
  expect(scheduler.usage()).toEqual([
    { granted: 2, running: 0, usedMs: 12.51, share: 0.5 },
    { granted: 1, running: 1, usedMs: 0, share: 0.5 },
  ])
})

describe('effectiveShares', () => {
  it('follows weights and raises a lane to its minimum', () => {
    expect(effectiveShares(lanes({ weight: 8 }, { weight: 3 }, { weight: 1, minShare: 0.2 }))).toEqual([
      expect.closeTo(0.8 * (8 / 11)),
      expect.closeTo(0.8 * (3 / 11)),
      0.2,
    ])
  })

  it('always sums to 1 and keeps every minimum', () => {
    const lane = fc.record({
      weight: fc.integer({ min: 1, max: 1000 }),
      minShare: fc.double({ min: 0.01, max: 0.24, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(lane, { minLength: 1, maxLength: 4 }), (specs) => {
        const shares = effectiveShares(lanes(...specs))
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1)
        shares.forEach((share, index) => expect(share).toBeGreaterThanOrEqual(specs[index]!.minShare - 1e-9))
      }),
    )
  })
})

describe('LaneScheduler, weighted', () => {
  it('shares slot-time by weight when all lanes have work, whatever their handlers cost', () => {
    const scheduler = new LaneScheduler(lanes({ weight: 8 }, { weight: 3 }, { weight: 1 }), 1, 'weighted')
    const used = slotTime(scheduler, [0, 1, 2], (lane) => [1, 5, 25][lane]!, 20_000)
    const total = used[0]! + used[1]! + used[2]!
    expect(used.map((time) => time / total)).toEqual([
      expect.closeTo(8 / 12, 1),
      expect.closeTo(3 / 12, 1),
      expect.closeTo(1 / 12, 1),
    ])
  })

  it('lends all capacity to the only lane with work', () => {
    const scheduler = new LaneScheduler(lanes({ weight: 8 }, { weight: 3 }, { weight: 1 }), 1, 'weighted')
    expect(slotTime(scheduler, [2], () => 1, 100)).toEqual([0, 0, 100])
  })

  it('gives an urgent lane that was idle its turn at once, and no credit for idling', () => {
    const scheduler = new LaneScheduler(lanes({ weight: 1 }, { weight: 1 }), 1, 'weighted')
    slotTime(scheduler, [1], () => 10, 1_000)
    expect(scheduler.pick(0, () => true)).toBe(0)
    const used = slotTime(scheduler, [0, 1], () => 10, 100)
    expect(used[1]).toBeGreaterThanOrEqual(490)
  })

  /** Takes slots for `lane` until it gets no more. */
  function fill(scheduler: LaneScheduler, lane: number, now: number): number {
    let taken = 0
    for (; scheduler.pick(now, (index) => index === lane) === lane; taken++) scheduler.started(lane)
    return taken
  }

  it('keeps one slot free for each quiet urgent lane, and lends the rest', () => {
    const scheduler = new LaneScheduler(lanes({ weight: 8 }, { weight: 3 }, { weight: 1 }), 100, 'weighted')
    expect(fill(scheduler, 2, 0)).toBe(98)
    expect(fill(scheduler, 1, 0)).toBe(1)
    expect(fill(scheduler, 0, 0)).toBe(1)
  })

  it('gives the whole reserve back to an urgent lane that has work again, and lends it again later', () => {
    const scheduler = new LaneScheduler(lanes({ weight: 1 }, { weight: 1 }), 100, 'weighted')
    expect(scheduler.pick(0, (lane) => lane === 0)).toBe(0)
    const taken = fill(scheduler, 1, quietMs - 1)
    expect(taken).toBe(88)
    expect(fill(scheduler, 1, quietMs)).toBe(11)
  })

  it('keeps slots free for urgent lanes while bulk floods, and none from them', () => {
    const scheduler = new LaneScheduler(lanes({ weight: 8 }, { weight: 3 }, { weight: 1 }), 64, 'weighted')
    scheduler.pick(0, (lane) => lane === 0)
    const bulk = fill(scheduler, 2, 1)
    expect(bulk).toBeGreaterThan(40)
    expect(bulk).toBeLessThan(64)
    let critical = 0
    while (scheduler.pick(0, (lane) => lane === 0) === 0) {
      scheduler.started(0)
      critical++
    }
    expect(critical + bulk).toBe(64)
  })

  it('lets every lane run with a single slot', () => {
    const scheduler = new LaneScheduler(lanes({ weight: 8 }, { weight: 3 }, { weight: 1 }), 1, 'weighted')
    for (const lane of [0, 1, 2]) expect(scheduler.pick(0, (index) => index === lane)).toBe(lane)
  })

  it('never starves a lane and never exceeds the concurrency', () => {
    const specs = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 3 })
    fc.assert(
      fc.property(
        specs,
        fc.integer({ min: 1, max: 20 }),
        fc.infiniteStream(fc.nat(30)),
        (weights, concurrency, costs) => {
          const scheduler = new LaneScheduler(lanes(...weights.map((weight) => ({ weight }))), concurrency, 'weighted')
          const running: number[] = []
          const granted = weights.map(() => 0)
          for (let step = 0; step < 3_000; step++) {
            const lane = scheduler.pick(0, () => true)
            if (lane >= 0) {
              scheduler.started(lane)
              running.push(lane)
              granted[lane]!++
            }
            expect(running.length).toBeLessThanOrEqual(concurrency)
            if (lane < 0 || running.length === concurrency) scheduler.finished(running.shift()!, costs.next().value!)
          }
          for (const count of granted) expect(count).toBeGreaterThan(0)
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('LaneScheduler, strict', () => {
  it('runs a lower lane only when the higher ones have nothing', () => {
    const scheduler = new LaneScheduler(lanes({ weight: 1 }, { weight: 1 }), 1, 'strict')
    expect(slotTime(scheduler, [0, 1], () => 1, 50)).toEqual([50, 0, 0])
    expect(slotTime(scheduler, [1], () => 1, 50)).toEqual([0, 50, 0])
  })
})

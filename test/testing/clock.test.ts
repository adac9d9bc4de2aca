import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { sleep } from '../../src/clock.ts'
import { VirtualClock } from '../../src/testing/clock.ts'

describe.each([0, 1])('VirtualClock with %i turns', (turns) => {
  const make = () => new VirtualClock({ turns })

  it('moves only when told', async () => {
    const clock = make()
    let fired = 0
    clock.setTimer(10, () => fired++)
    await clock.settle()
    expect([clock.monotonic(), fired]).toEqual([0, 0])
    await clock.advance(9)
    expect([clock.monotonic(), fired]).toEqual([9, 0])
    await clock.advance(1)
    expect([clock.monotonic(), fired, clock.pendingTimers]).toEqual([10, 1, 0])
  })

  it('fires timers by due time, equal ones in the order set, and cancelled ones never', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ delay: fc.integer({ min: 1, max: 50 }), cancel: fc.boolean() }), { maxLength: 200 }),
        async (wanted) => {
          const clock = make()
          const fired: number[] = []
          const timers = wanted.map(({ delay }, index) => clock.setTimer(delay, () => fired.push(index)))
          for (const [index, { cancel }] of wanted.entries()) if (cancel) timers[index]!.cancel()
          await clock.advance(50)
          const expected = wanted
            .map((timer, index) => ({ ...timer, index }))
            .filter((timer) => !timer.cancel)
            .sort((a, b) => a.delay - b.delay || a.index - b.index)
          expect(fired).toEqual(expected.map((timer) => timer.index))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('settles long promise chains and new timers between two timers', async () => {
    const clock = make()
    const seen: string[] = []
    clock.setTimer(1, () => {
      void (async () => {
        for (let i = 0; i < 100; i++) await Promise.resolve()
        seen.push('chain')
        await sleep(clock, 1)
        seen.push(`woken at ${clock.monotonic()}`)
      })()
    })
    clock.setTimer(1, () => seen.push('second'))
    clock.setTimer(3, () => seen.push('third'))
    await clock.advance(10)
    expect(seen).toEqual(['chain', 'second', 'woken at 2', 'third'])
  })

  it('resolves yield() in order, driven or not', async () => {
    const clock = make()
    const seen: number[] = []
    for (const i of [1, 2, 3]) void clock.yield().then(() => seen.push(i))
    await clock.yield()
    expect(seen).toEqual([1, 2, 3])
    clock.setTimer(1, () => void clock.yield().then(() => seen.push(4)))
    await clock.advance(1)
    expect(seen).toEqual([1, 2, 3, 4])
  })

  it('goes on when somebody yields for ever', async () => {
    const clock = make()
    const woken = new AbortController()
    clock.setTimer(5, () => woken.abort())
    const poll = (async () => {
      while (!woken.signal.aborted) await clock.yield()
    })()
    await clock.advance(5)
    await poll
    expect(woken.signal.aborted).toBe(true)
  })

  it('sets the wall clock back without touching durations', async () => {
    const clock = new VirtualClock({ turns, startAt: 1_000_000 })
    let fired = false
    clock.setTimer(100, () => (fired = true))
    await clock.advance(50)
    clock.shiftWallClock(-500_000)
    expect([clock.now(), clock.monotonic()]).toEqual([500_050, 50])
    await clock.advance(50)
    expect([clock.now(), clock.monotonic(), fired]).toEqual([500_100, 100, true])
    clock.setWallClock(7)
    expect([clock.now(), clock.monotonic()]).toEqual([7, 100])
  })

  it('jumps from timer to timer until a condition holds', async () => {
    const clock = make()
    let ticks = 0
    const tick = (): void => {
      ticks++
      clock.setTimer(1000, tick)
    }
    tick()
    expect(await clock.runUntil(() => ticks === 30)).toBe(true)
    expect(clock.monotonic()).toBe(29_000)
    expect(await clock.runUntil(() => false, { limitMs: 5_000 })).toBe(false)
    expect(clock.monotonic()).toBe(34_000)
  })

  it('says when nothing is left to wait for', async () => {
    const clock = make()
    expect(await clock.runUntil(() => false)).toBe(false)
    expect(await clock.advanceToNextTimer()).toBe(false)
    expect(clock.nextTimerInMs).toBeUndefined()
    clock.setTimer(20, () => {})
    expect(clock.nextTimerInMs).toBe(20)
    expect(await clock.advanceToNextTimer()).toBe(true)
    expect(clock.monotonic()).toBe(20)
  })

  it('refuses delays that the real setTimeout would fire at once', () => {
    const clock = make()
    for (const delay of [Number.NaN, Infinity, 2 ** 31])
      expect(() => clock.setTimer(delay, () => {})).toThrow(RangeError)
  })

  it('takes a delay below one millisecond as one, so that a polling loop moves time', async () => {
    const clock = make()
    let polls = 0
    const poll = (): void => {
      if (++polls < 10) clock.setTimer(0, poll)
    }
    poll()
    await clock.advance(9)
    expect(polls).toBe(10)
  })

  it('hands an error of a timer to whoever drives', async () => {
    const clock = make()
    clock.setTimer(1, () => {
      throw new Error('broken timer')
    })
    await expect(clock.advance(1)).rejects.toThrow('broken timer')
  })
})

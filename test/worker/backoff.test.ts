import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../src/worker/backoff.ts'

const retry = { attempts: 5, backoffMinMs: 200, backoffMaxMs: 30_000 }

describe('backoffMs', () => {
  it('doubles its ceiling up to the maximum', () => {
    const ceilings = [1, 2, 3, 8, 9, 100_000].map((failed) => backoffMs(retry, failed, () => 0.999_999_999))
    expect(ceilings).toEqual([200, 400, 800, 25_600, 30_000, 30_000])
  })

  it('is a whole number between 0 and its ceiling (full jitter)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failed, random) => {
          const delay = backoffMs(retry, failed, () => random)
          expect(Number.isInteger(delay)).toBe(true)
          expect(delay).toBeGreaterThanOrEqual(0)
          expect(delay).toBeLessThanOrEqual(Math.min(30_000, 200 * 2 ** (failed - 1)))
        },
      ),
    )
  })
})

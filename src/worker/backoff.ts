/**
 * Full-jitter exponential backoff.
 * @module
 */
import type { CompiledRetry } from '../config/index.ts'

/**
 * Delay before the attempt that follows `failedAttempts` failures: uniform between 0 and
 * `min(backoffMaxMs, backoffMinMs * 2^(failedAttempts - 1))`.
 * @param random uniform in [0, 1)
 * @returns whole milliseconds
 */
export function backoffMs(retry: CompiledRetry, failedAttempts: number, random: () => number): number {
  // 2^60 already exceeds any maximum, and larger exponents would reach Infinity * 0.
  const ceiling = Math.min(retry.backoffMaxMs, retry.backoffMinMs * 2 ** Math.min(failedAttempts - 1, 60))
  return Math.floor(random() * (ceiling + 1))
}

/**
 * What a redrive or a discard would do, in figures: also of letters too many to be told one by one.
 * @module
 */
import { choose, type Desk, type LetterResult } from './desk.ts'
import { roleOf } from './redrive.ts'
import type { LetterSelection } from './selection.ts'

export interface DryRun {
  /** Letters that are selected, and ids that name none. */
  readonly total: number
  readonly outcomes: Readonly<Partial<Record<LetterResult['outcome'], number>>>
  /** Why some may not be touched: at most twenty. */
  readonly refused: readonly LetterResult[]
}

const mostRefused = 20

/** @throws DeadLetterRequestInvalid */
export function dryRun(desk: Desk, action: 'redrive' | 'discard', selection: LetterSelection): DryRun {
  const { letters, refused } = choose(desk, selection)
  const outcomes: Partial<Record<LetterResult['outcome'], number>> = {}
  const count = (outcome: LetterResult['outcome']): void => void (outcomes[outcome] = (outcomes[outcome] ?? 0) + 1)
  for (const letter of letters) {
    const role = action === 'discard' ? 'would-discard' : roleOf(desk, letter)
    count(role === 'request' ? 'would-redrive' : role)
  }
  for (const { outcome } of refused) count(outcome)
  return { total: letters.length + refused.length, outcomes, refused: refused.slice(0, mostRefused) }
}

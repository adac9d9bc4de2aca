/**
 * Unresolved letters in figures.
 * @module
 */
import type { DeadLetterIndex } from './dead-letter-index.ts'
import type { DeadReason } from './letter.ts'

export interface LetterCounts {
  /** All that is unresolved: dead + parked + redriving. */
  readonly total: number
  readonly dead: number
  readonly parked: number
  readonly redriving: number
  readonly byReason: Readonly<Partial<Record<DeadReason, number>>>
  readonly byType: ReadonlyMap<string, number>
  /** When the oldest of them was kept, milliseconds since the epoch. */
  readonly oldestAt?: number
  /** Records in the two topics that are no letters. */
  readonly unreadable: number
}

export function countLetters(index: DeadLetterIndex): LetterCounts {
  const byStatus = { dead: 0, parked: 0, redriving: 0 }
  const byReason: Partial<Record<DeadReason, number>> = {}
  const byType = new Map<string, number>()
  let oldestAt = Infinity
  for (const letter of index.unresolved()) {
    byStatus[letter.status]++
    byReason[letter.reason] = (byReason[letter.reason] ?? 0) + 1
    byType.set(letter.type, (byType.get(letter.type) ?? 0) + 1)
    oldestAt = Math.min(oldestAt, letter.deadAt)
  }
  return {
    total: index.size,
    ...byStatus,
    byReason,
    byType,
    ...(oldestAt !== Infinity && { oldestAt }),
    unreadable: index.unreadable.length,
  }
}

/**
 * Letters in pages.
 * @module
 */
import { DeadLetterRequestInvalid } from './errors.ts'
import type { IndexedLetter } from './letter.ts'
import { matcherOf, type LetterFilter } from './selection.ts'

export interface LetterPage {
  /** Newest first, by when they were kept. */
  readonly letters: readonly IndexedLetter[]
  /** Hand it in as `after` for the next page; absent on the last. Letters resolved meanwhile shift nothing. */
  readonly next?: string
  /** Letters that match, on all pages. */
  readonly total: number
}

const defaultLimit = 100
const maxLimit = 10_000

/** @throws DeadLetterRequestInvalid */
export function pageOf(
  letters: Iterable<IndexedLetter>,
  filter: LetterFilter,
  page: { limit?: number; after?: string },
): LetterPage {
  const { limit = defaultLimit } = page
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new DeadLetterRequestInvalid('limit', `it is ${limit}; give a whole number from 1 to ${maxLimit}`)
  }
  const below = page.after === undefined ? Infinity : Number(page.after)
  if (Number.isNaN(below) || page.after === '') {
    throw new DeadLetterRequestInvalid('after', `"${page.after}" is not the "next" of a page`)
  }
  const matching = [...letters].filter(matcherOf(filter)).toReversed()
  const start = matching.findIndex((letter) => letter.deadOffset < below)
  const found = start < 0 ? [] : matching.slice(start, start + limit)
  const more = start >= 0 && start + limit < matching.length
  return { letters: found, total: matching.length, ...(more && { next: String(found.at(-1)!.deadOffset) }) }
}

/**
 * Letters in pages.
 * @module
 */
import type { DeadLetterIndex } from './dead-letter-index.ts'
import { DeadLetterRequestInvalid } from './errors.ts'
import type { IndexedLetter } from './letter.ts'
import { matcherOf, type LetterFilter } from './selection.ts'

export interface PagedLetter extends IndexedLetter {
  /** Letters of its key that wait behind it. */
  readonly followers: number
}

export interface LetterPage {
  /** Newest first, by when they were kept. */
  readonly letters: readonly PagedLetter[]
  /** Hand it in as `after` for the next page; absent on the last. Letters resolved meanwhile shift nothing. */
  readonly next?: string
  /** Letters that match, on all pages. */
  readonly total: number
}

const defaultLimit = 100
const maxLimit = 10_000

/** @throws DeadLetterRequestInvalid */
export function pageOf(
  index: Pick<DeadLetterIndex, 'unresolved' | 'followersOf'>,
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
  const { letters, ...rest } = lastOf(index.unresolved(), matcherOf(filter), below, limit)
  return { letters: letters.map((letter) => ({ ...letter, followers: index.followersOf(letter) })), ...rest }
}

/** One walk from the oldest on; of what matches only a page is held. */
function lastOf(
  letters: Iterable<IndexedLetter>,
  matches: (letter: IndexedLetter) => boolean,
  below: number,
  limit: number,
): Omit<LetterPage, 'letters'> & { letters: IndexedLetter[] } {
  const ring: IndexedLetter[] = []
  let total = 0
  let before = 0
  for (const letter of letters) {
    if (!matches(letter)) continue
    total++
    if (letter.deadOffset < below) ring[before++ % limit] = letter
  }
  const start = before > limit ? before % limit : 0
  const found = [...ring.slice(start), ...ring.slice(0, start)].toReversed()
  return { letters: found, total, ...(before > limit && { next: String(found.at(-1)!.deadOffset) }) }
}

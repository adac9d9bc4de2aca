/**
 * What the order of keys allows to be done by hand.
 * @module
 */
import type { DeadLetterIndex } from './dead-letter-index.ts'
import { DeadLetterBehindParked } from './errors.ts'
import type { IndexedLetter } from './letter.ts'

/** Oldest event first, so that events of one key keep their order. */
export function byOrigin(a: IndexedLetter, b: IndexedLetter): number {
  if (a.origin.topic !== b.origin.topic) return a.origin.topic < b.origin.topic ? -1 : 1
  return a.origin.partition - b.origin.partition || a.origin.offset - b.origin.offset
}

/**
 * For each selected letter of a parked key that waits behind one that is not selected, the error that says so. What is left of a
 * key is then always its earliest letters, without a hole.
 */
export function blockedOf(
  index: DeadLetterIndex,
  selected: readonly IndexedLetter[],
): ReadonlyMap<string, DeadLetterBehindParked> {
  const ids = new Set(selected.map((letter) => letter.id))
  const heads = new Map(selected.map((letter) => [index.headOf(letter).id, index.headOf(letter)]))
  const blocked = new Map<string, DeadLetterBehindParked>()
  for (const head of heads.values()) {
    if (head.policy !== 'park-key') continue
    let inTheWay: string | undefined
    for (const letter of index.chain(head.origin.topic, head.origin.partition, head.key)) {
      if (!ids.has(letter.id)) inTheWay ??= letter.id
      else if (inTheWay !== undefined) blocked.set(letter.id, new DeadLetterBehindParked(letter.id, inTheWay))
    }
  }
  return blocked
}

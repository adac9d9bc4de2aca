/**
 * Keys that stand still behind a dead letter.
 * @module
 */
import type { DeadLetterIndex } from './dead-letter-index.ts'
import { DeadLetterRequestInvalid } from './errors.ts'
import type { IndexedLetter } from './letter.ts'

/** A key of a `park-key` subscription whose events wait. */
export interface ParkedKey {
  readonly key: string
  readonly topic: string
  readonly partition: number
  /** The letter that the others wait behind: the one to redrive, replace or discard. */
  readonly head: IndexedLetter
  readonly followers: number
  /** When the head was kept, milliseconds since the epoch. */
  readonly since: number
}

export interface ParkedKeys {
  /** Those with most followers first; of those, the one that waits longest. */
  readonly keys: readonly ParkedKey[]
  /** All there are. */
  readonly total: number
}

const mostKeys = 10_000

/** @throws DeadLetterRequestInvalid */
export function parkedKeysOf(index: DeadLetterIndex, limit: number): ParkedKeys {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > mostKeys) {
    throw new DeadLetterRequestInvalid('limit', `it is ${limit}; give a whole number from 1 to ${mostKeys}`)
  }
  const keys = [...index.heads()].map((head): ParkedKey => ({
    key: head.key,
    topic: head.origin.topic,
    partition: head.origin.partition,
    head,
    followers: index.followersOf(head),
    since: head.deadAt,
  }))
  keys.sort((a, b) => b.followers - a.followers || a.since - b.since || (a.head.id < b.head.id ? -1 : 1))
  return { keys: keys.slice(0, limit), total: keys.length }
}

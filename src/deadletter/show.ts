/**
 * One letter, with everything there is to know about it.
 * @module
 */
import { decodeEvent, type VeltrixEvent } from '../event/index.ts'
import type { LogRecord } from '../transport/index.ts'
import { auditTrail } from './audit-trail.ts'
import type { Desk } from './desk.ts'
import type { AuditEntry, IndexedLetter } from './letter.ts'
import { originalRecord } from './letter-record.ts'
import { readStory, type ErrorStory } from './story.ts'

export interface ShownLetter {
  readonly letter: IndexedLetter
  /** The original record, byte for byte. */
  readonly record: LogRecord
  /** The event in it; absent when it cannot be decoded. */
  readonly event?: VeltrixEvent
  /** Why it cannot be decoded. */
  readonly undecodable?: Error
  /** What its last failure was: of the last redrive when there was one. */
  readonly story?: ErrorStory
  /** What happened to it since it was kept, oldest first; at most the last 1,000 entries. */
  readonly audit: readonly AuditEntry[]
  /** The letter it waits behind. */
  readonly behind?: IndexedLetter
  /** Letters of its key that wait behind it, in order. */
  readonly followers: readonly IndexedLetter[]
}

export async function showLetter(desk: Desk, letter: IndexedLetter): Promise<ShownLetter> {
  const kept = await desk.index.kept(letter)
  const record = originalRecord(kept)
  const audit = (await auditTrail(desk.log, desk.sub, { limit: 1000, letter: letter.id })).toReversed()
  const story = audit.findLast((entry) => entry.action === 'redrive-failed')?.error ?? readStory(kept.storyJson)
  const head = desk.index.headOf(letter)
  const { topic, partition, offset } = letter.origin
  return {
    letter,
    record,
    ...decoded(record),
    ...(story && { story }),
    audit,
    ...(head.id !== letter.id && { behind: head }),
    followers: desk.index.chain(topic, partition, letter.key).filter((other) => other.origin.offset > offset),
  }
}

function decoded(record: LogRecord): Pick<ShownLetter, 'event' | 'undecodable'> {
  try {
    return { event: decodeEvent(record) }
  } catch (error) {
    return { undecodable: error as Error }
  }
}

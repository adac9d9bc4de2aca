/**
 * What a dead letter is, what can be said about one, and how it is named.
 * @module
 */
import type { LogRecord } from '../transport/index.ts'
import type { ErrorStory } from './story.ts'

/** `dead`: the event failed for good. `parked`: it waits behind a dead event of its key (`park-key`). */
export type LetterKind = 'dead' | 'parked'

/** Why an event is kept. */
export type DeadReason = 'attempts-exhausted' | 'unrecoverable' | 'invalid-event' | 'crashed' | 'parked-behind'

export const deadReasons: readonly DeadReason[] = [
  'attempts-exhausted',
  'unrecoverable',
  'invalid-event',
  'crashed',
  'parked-behind',
]

/** Where a record came from. */
export interface LetterOrigin {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** One event as the worker hands it over for keeping. Times are milliseconds since the epoch. */
export interface Letter {
  readonly subscription: string
  readonly kind: LetterKind
  readonly reason: DeadReason
  /** What the last attempt threw: anything. Absent for a parked one. */
  readonly error?: unknown
  /** Attempts made; 0 for one that never ran. */
  readonly attempts: number
  /** Also tells one failure from the next of the same event (for one that never ran: `deadAt`): kept twice with the same value, it is one failure told twice. */
  readonly firstAttemptAt: number
  readonly lastAttemptAt: number
  readonly deadAt: number
  readonly origin: LetterOrigin
  readonly lane: string
  readonly stream: string
  /** The original record, kept byte for byte. */
  readonly record: LogRecord
}

/**
 * What happened to letters. `redrive-requested`, `discarded` and `replaced` (another payload in its place) come from people; `redriven`, `redrive-failed` and
 * `released` (a parked follower ran, in its turn) from the worker that owns the letter's partition.
 */
export type AuditAction = 'redrive-requested' | 'redriven' | 'redrive-failed' | 'released' | 'discarded' | 'replaced'

/** One line of the audit topic: who did what to which letters, when and why. */
export interface AuditEntry {
  readonly action: AuditAction
  /** Identities, see {@link letterId}. */
  readonly letters: readonly string[]
  readonly by: string
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly reason?: string
  /** `redrive-failed`: the new story. */
  readonly error?: ErrorStory
  /** `redrive-failed`: attempts this redrive made, added to the letter's. Default 1. */
  readonly attempts?: number
  /** `redrive-failed`: why it is dead now. Default: what it was, or `attempts-exhausted` for one that was parked. */
  readonly failure?: DeadReason
  /** `replaced`: the id of the event that stands in its place. */
  readonly event?: string
  /** Entries of one call share it. */
  readonly batch?: string
  /**
   * {@link DeadLetterIndex.seen} of the writer: the entry speaks of letters below this offset of the dead topic, so a failure kept
   * later is not touched by it. Always set it; without it a reader takes everything it has read so far.
   */
  readonly seen?: number
}

/** Actions after which a letter is no longer there. */
export function resolves(action: AuditAction): boolean {
  return action === 'redriven' || action === 'released' || action === 'discarded'
}

/** An unresolved letter as the index holds it. Times are milliseconds since the epoch. */
export interface IndexedLetter {
  /** `<origin topic>/<origin partition>/<origin offset>` */
  readonly id: string
  readonly kind: LetterKind
  readonly status: 'dead' | 'parked' | 'redriving'
  readonly reason: DeadReason
  /** The record's key as UTF-8 text; empty for a record without one. */
  readonly key: string
  readonly origin: LetterOrigin
  readonly lane: string
  readonly stream: string
  /** CloudEvents type and id; empty when the record had none. */
  readonly type: string
  readonly eventId: string
  readonly attempts: number
  readonly firstAttemptAt: number
  readonly lastAttemptAt: number
  readonly deadAt: number
  /** Where it lies in the dead topic. */
  readonly deadOffset: number
  /** Its payload was replaced: where it lay before that, as it was first kept. */
  readonly replacedFrom?: number
  /** Which letters failed alike: the same id for the same reason, error name and message but for what differs from event to event. */
  readonly group: string
  readonly errorName?: string
  /** At most the first 300 characters; `show` has all of it. */
  readonly errorMessage?: string
  /** The subscription's policy when it was kept. */
  readonly policy: 'continue' | 'park-key'
  /** Size of the dead record: key, value and headers. */
  readonly bytes: number
}

/** The identity of a letter: where its event came from. */
export function letterId(origin: LetterOrigin): string {
  return `${origin.topic}/${origin.partition}/${origin.offset}`
}

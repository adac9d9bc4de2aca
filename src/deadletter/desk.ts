/**
 * What redriving and discarding share: the subscription at hand, choosing letters, and writing audit entries.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { CompiledConfig, CompiledSubscription } from '../config/index.ts'
import type { AppendRecord, Log } from '../transport/index.ts'
import { auditRecord } from './audit-record.ts'
import type { DeadLetterIndex } from './dead-letter-index.ts'
import { DeadLetterRequestInvalid, DeadLetterUnknown } from './errors.ts'
import type { AuditEntry, IndexedLetter } from './letter.ts'
import type { ErrorStory } from './story.ts'
import { blockedOf } from './order.ts'
import { filterOf, matcherOf, type LetterSelection } from './selection.ts'

/** One subscription's letters, ready to be worked on. */
export interface Desk {
  readonly log: Log
  readonly clock: Clock
  readonly config: CompiledConfig
  readonly sub: CompiledSubscription
  readonly index: DeadLetterIndex
  readonly by: string
}

/** What became of one selected letter. */
export interface LetterResult {
  readonly id: string
  /**
   * `would-redrive`, `would-discard`: a dry run. `requested`: written down for the worker. `redriven`, `failed`: what the worker
   * reported (`wait`). `follows`: runs by itself, in order, once the earlier selected letter of its key is done.
   * `already-redriving`: requested before. `discarded`: gone, here or meanwhile by somebody else.
   * `blocked`, `unknown`: nothing was done, `error` says why.
   */
  readonly outcome:
    | 'would-redrive'
    | 'would-discard'
    | 'requested'
    | 'redriven'
    | 'failed'
    | 'follows'
    | 'already-redriving'
    | 'discarded'
    | 'blocked'
    | 'unknown'
  /** `blocked`: DeadLetterBehindParked. `unknown`: DeadLetterUnknown. */
  readonly error?: Error
  /** `failed`: the new story. */
  readonly story?: ErrorStory
}

/** The selected letters: those that may be touched, oldest event first, and results for those that may not. */
export interface Chosen {
  readonly letters: readonly IndexedLetter[]
  readonly refused: readonly LetterResult[]
}

const maxReasonLength = 1000
/** Ids in one audit record. */
export const idsPerEntry = 200

/** @throws DeadLetterRequestInvalid when the selection is empty */
export function choose(desk: Desk, selection: LetterSelection): Chosen {
  const filter = filterOf(selection)
  const matches = matcherOf(filter)
  const selected = filter.ids
    ? [...new Set(filter.ids)].flatMap((id) => desk.index.get(id) ?? []).filter(matches)
    : [...desk.index.unresolved()].filter(matches)
  const blocked = blockedOf(desk.index, selected)
  const unknown = (filter.ids ?? []).filter((id) => desk.index.get(id) === undefined)
  return {
    letters: selected.filter((letter) => !blocked.has(letter.id)),
    refused: [
      ...[...blocked].map(([id, error]): LetterResult => ({ id, outcome: 'blocked', error })),
      ...unknown.map((id): LetterResult => ({
        id,
        outcome: 'unknown',
        error: new DeadLetterUnknown(desk.sub.name, id),
      })),
    ],
  }
}

/** Writes audit entries, in this order; resolves when they are durable. */
export async function state(
  desk: Desk,
  ...entries: readonly Pick<AuditEntry, 'action' | 'letters' | 'reason' | 'event' | 'batch'>[]
): Promise<void> {
  const signed = { by: desk.by, at: desk.clock.now(), seen: desk.index.seen }
  await append(
    desk,
    entries.map((entry) => auditRecord(desk.sub, { ...entry, ...signed })),
  )
}

/** @throws the first record's error that was not stored */
export async function append(desk: Pick<Desk, 'log'>, records: readonly AppendRecord[]): Promise<void> {
  for (const outcome of await desk.log.append(records)) if ('error' in outcome) throw outcome.error
}

export function newBatch(): string {
  return randomUUID()
}

/** `items` in pieces of at most `size`. */
export function* pieces<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size)
}

/** @throws DeadLetterRequestInvalid */
export function checkReason(reason: string | undefined, required?: string): void {
  if (required !== undefined && (reason === undefined || reason.trim() === '')) {
    throw new DeadLetterRequestInvalid('reason', required)
  }
  if (reason !== undefined && reason.length > maxReasonLength) {
    throw new DeadLetterRequestInvalid(
      'reason',
      `it has ${reason.length} characters; at most ${maxReasonLength} are kept`,
    )
  }
}

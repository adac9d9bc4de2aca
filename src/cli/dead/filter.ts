/**
 * Flags that choose dead letters, shared by list, redrive and discard.
 * @module
 */
import type { ArgsDef, ParsedArgs } from 'citty'
import type { DeadReason, LetterFilter, LetterKind, LetterSelection } from '../../deadletter/index.ts'
import { UsageInvalid } from '../errors.ts'
import { moment } from '../values.ts'

const reasons: DeadReason[] = ['attempts-exhausted', 'unrecoverable', 'invalid-event', 'crashed', 'parked-behind']

export const filterArgs = {
  type: { type: 'string', alias: 't', description: 'Only events of this type' },
  key: { type: 'string', alias: 'k', description: 'Only events with this key' },
  cause: { type: 'enum', options: reasons, description: 'Only letters kept for this reason' },
  kind: {
    type: 'enum',
    options: ['dead', 'parked'],
    description: 'Only what failed itself, or only what waits behind it',
  },
  group: {
    type: 'string',
    alias: 'g',
    valueHint: 'id',
    description: 'Only letters that failed alike, see "dead groups"',
  },
  error: { type: 'string', valueHint: 'text', description: 'Only letters whose error has this text' },
  since: {
    type: 'string',
    valueHint: 'time',
    description: 'Kept at or after: 2026-03-01T12:00:00Z, or how long ago as 2h',
  },
  until: { type: 'string', valueHint: 'time', description: 'Kept before, written like --since' },
} as const satisfies ArgsDef

type FilterArgs = Partial<ParsedArgs<typeof filterArgs>>

/** @throws UsageInvalid */
export function letterFilter(args: FilterArgs, now: number, ids: readonly string[] = []): LetterFilter {
  const given = {
    type: args.type,
    key: args.key,
    reason: args.cause as DeadReason | undefined,
    group: args.group,
    kind: args.kind as LetterKind | undefined,
    error: args.error,
    since: moment('since', args.since, now),
    until: moment('until', args.until, now),
    ids: ids.length > 0 ? ids : undefined,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/**
 * What redrive and discard act on: ids, conditions, or `--all` said on purpose.
 * @throws UsageInvalid
 */
export function letterSelection(args: FilterArgs, all: boolean, ids: readonly string[], now: number): LetterSelection {
  const filter = letterFilter(args, now, ids)
  const empty = Object.keys(filter).length === 0
  if (all && !empty) throw new UsageInvalid('--all stands alone; leave it out to choose by ids or conditions.')
  if (!all && empty) {
    throw new UsageInvalid('Nothing is chosen: give ids, a condition as --type or --error, or --all.')
  }
  return all ? { all: true } : filter
}

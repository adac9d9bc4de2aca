/**
 * Which letters a person means.
 * @module
 */
import { DeadLetterRequestInvalid } from './errors.ts'
import type { DeadReason, IndexedLetter, LetterKind } from './letter.ts'

/** Letters that meet every given condition; none given: all. Times are milliseconds since the epoch. */
export interface LetterFilter {
  /** CloudEvents type. */
  readonly type?: string
  readonly key?: string
  readonly reason?: DeadReason
  /** Id of a group of letters that failed alike. */
  readonly group?: string
  readonly kind?: LetterKind
  /** Kept at this time or later. */
  readonly since?: number
  /** Kept before this time. */
  readonly until?: number
  /** Part of the error's name or message, upper and lower case alike (of a message the first 300 characters count). */
  readonly error?: string
  readonly ids?: readonly string[]
}

/** What redrive and discard act on. `{ all: true }` says on purpose that everything is meant. */
export type LetterSelection = LetterFilter | { readonly all: true }

const conditions: Readonly<Record<keyof LetterFilter, 'string' | 'number' | 'object'>> = {
  type: 'string',
  key: 'string',
  reason: 'string',
  group: 'string',
  kind: 'string',
  since: 'number',
  until: 'number',
  error: 'string',
  ids: 'object',
}

/** A condition that is mistyped would be one that every letter meets. */
function check(filter: LetterFilter): void {
  for (const [name, value] of Object.entries(filter)) {
    if (!Object.hasOwn(conditions, name)) {
      const problem = `there is no such condition; there are ${Object.keys(conditions).join(', ')}`
      throw new DeadLetterRequestInvalid(name, problem)
    }
    const kind = conditions[name as keyof LetterFilter]
    const fits = kind === 'object' ? Array.isArray(value) : typeof value === kind && !Number.isNaN(value)
    if (value !== undefined && !fits) {
      throw new DeadLetterRequestInvalid(name, `it is not ${kind === 'object' ? 'a list of ids' : `a ${kind}`}`)
    }
  }
}

/** A predicate of `filter`. @throws DeadLetterRequestInvalid for a condition that is none */
export function matcherOf(filter: LetterFilter): (letter: IndexedLetter) => boolean {
  check(filter)
  const { type, key, reason, group, kind, since = -Infinity, until = Infinity } = filter
  const error = filter.error?.toLowerCase()
  const ids = filter.ids && new Set(filter.ids)
  return (letter) =>
    (ids === undefined || ids.has(letter.id)) &&
    (type === undefined || letter.type === type) &&
    (key === undefined || letter.key === key) &&
    (reason === undefined || letter.reason === reason) &&
    (group === undefined || letter.group === group) &&
    (kind === undefined || letter.kind === kind) &&
    letter.deadAt >= since &&
    letter.deadAt < until &&
    (error === undefined || `${letter.errorName ?? ''}: ${letter.errorMessage ?? ''}`.toLowerCase().includes(error))
}

/**
 * The filter of a selection, which must say something: an empty one is more likely a mistake than a wish to touch everything.
 * @throws DeadLetterRequestInvalid
 */
export function filterOf(selection: LetterSelection): LetterFilter {
  if ('all' in selection) {
    const others = Object.keys(selection).filter((name) => name !== 'all')
    if (selection.all !== true || others.length > 0) {
      throw new DeadLetterRequestInvalid('selection', 'all: true stands alone; leave it out to select by condition')
    }
    return {}
  }
  if (!Object.values(selection).some((value) => value !== undefined)) {
    throw new DeadLetterRequestInvalid('selection', 'it is empty; name ids or conditions, or say { all: true }')
  }
  return selection
}

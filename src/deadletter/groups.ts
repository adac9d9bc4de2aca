/**
 * Letters that failed alike, as one line each.
 * @module
 */
import { patternOf } from './fingerprint.ts'
import type { DeadReason, IndexedLetter } from './letter.ts'
import { matcherOf, type LetterFilter } from './selection.ts'

/** Unresolved letters with the same reason, error name, and message but for what differs from event to event. */
export interface LetterGroup {
  /** As a {@link LetterFilter} takes it. The same in every process, and from release to release. */
  readonly group: string
  readonly reason: DeadReason
  readonly errorName?: string
  /** The message with marks for what differs; empty where there is no error. */
  readonly pattern: string
  readonly count: number
  /** How many different keys they have. */
  readonly keys: number
  /** Types of their events, by name. */
  readonly types: readonly string[]
  /** When the first and the last of them were kept, milliseconds since the epoch. */
  readonly firstAt: number
  readonly lastAt: number
}

interface Gathered {
  readonly first: IndexedLetter
  readonly keys: Set<string>
  readonly types: Set<string>
  count: number
  firstAt: number
  lastAt: number
}

/** The largest first; of those as large, the one with the newest letter. */
export function groupsOf(letters: Iterable<IndexedLetter>, filter: LetterFilter): LetterGroup[] {
  const matches = matcherOf(filter)
  const groups = new Map<string, Gathered>()
  for (const letter of letters) if (matches(letter)) gather(groups, letter)
  return [...groups]
    .map(([group, { first, keys, types, ...figures }]) => ({
      group,
      reason: first.reason,
      ...(first.errorName !== undefined && { errorName: first.errorName }),
      pattern: first.errorMessage === undefined ? '' : patternOf(first.errorMessage),
      ...figures,
      keys: keys.size,
      types: [...types].sort(),
    }))
    .sort((a, b) => b.count - a.count || b.lastAt - a.lastAt || (a.group < b.group ? -1 : 1))
}

function gather(groups: Map<string, Gathered>, letter: IndexedLetter): void {
  const { group, key, type, deadAt } = letter
  let found = groups.get(group)
  if (found === undefined) {
    found = { first: letter, keys: new Set(), types: new Set(), count: 0, firstAt: deadAt, lastAt: deadAt }
    groups.set(group, found)
  }
  found.count++
  found.keys.add(key)
  found.types.add(type)
  found.firstAt = Math.min(found.firstAt, deadAt)
  found.lastAt = Math.max(found.lastAt, deadAt)
}

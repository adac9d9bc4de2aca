/**
 * Groups of dead letters and parked keys, for people at the command line.
 * @module
 */
import type { LetterGroup, ParkedKey } from '../../deadletter/index.ts'
import { clip, count, printable, span } from '../format.ts'
import type { Output } from '../output.ts'
import { tableLines } from '../table.ts'

export function groupTable(
  groups: readonly (LetterGroup & { readonly subscription: string })[],
  now: number,
  { paint, width }: Pick<Output, 'paint' | 'width'>,
): string[] {
  return tableLines({
    columns: [
      { title: 'SUBSCRIPTION', dispensable: 5 },
      // Never cut: it is what --group is given.
      { title: 'GROUP' },
      { title: 'LETTERS', align: 'right' },
      { title: 'KEYS', align: 'right', dispensable: 3 },
      { title: 'TYPES', flexible: true, dispensable: 2 },
      { title: 'LAST', align: 'right', dispensable: 4 },
      { title: 'WHY', flexible: true, dispensable: 1 },
    ],
    rows: groups.map((group) => [
      group.subscription,
      group.group,
      count(group.count),
      count(group.keys),
      clip(printable(group.types.join(', ')), 40),
      span(Math.max(0, now - group.lastAt)),
      clip(printable(group.errorName === undefined ? group.reason : `${group.errorName}: ${group.pattern}`), 100),
    ]),
    width,
    paint,
    tint: (cell, _row, column) => (column === 0 ? paint.name(cell) : column === 2 ? paint.bad(cell) : cell),
  })
}

export function keyTable(
  keys: readonly (ParkedKey & { readonly subscription: string })[],
  now: number,
  { paint, width }: Pick<Output, 'paint' | 'width'>,
): string[] {
  return tableLines({
    columns: [
      { title: 'SUBSCRIPTION', dispensable: 3 },
      { title: 'KEY', flexible: true },
      { title: 'WAITS BEHIND' },
      { title: 'STATUS' },
      { title: 'FOLLOWERS', align: 'right' },
      { title: 'SINCE', align: 'right', dispensable: 2 },
      { title: 'WHY', flexible: true, dispensable: 1 },
    ],
    rows: keys.map(({ subscription, key, head, followers, since }) => [
      subscription,
      clip(printable(key), 40),
      head.id,
      head.status,
      count(followers),
      span(Math.max(0, now - since)),
      clip(printable(head.errorMessage ? `${head.errorName}: ${head.errorMessage}` : head.reason), 80),
    ]),
    width,
    paint,
    tint: (cell, _row, column) => (column === 0 ? paint.name(cell) : cell),
  })
}

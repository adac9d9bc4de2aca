/**
 * The dead letters of an app, for people at the command line.
 * @module
 */
import { DeadLetters, type IndexedLetter, type LetterResult } from '../../deadletter/index.ts'
import type { LoadedApp } from '../app-module.ts'
import { clip, printable, span } from '../format.ts'
import { errorJson, type Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { didYouMean } from '../suggestion.ts'
import { tableLines } from '../table.ts'
import { oneOf } from '../values.ts'

/** Opens the letters; what is done through them is signed with the user's name and host. */
export async function openLetters({ app, config }: LoadedApp, shell: Shell): Promise<DeadLetters> {
  return new DeadLetters({ log: await app.open(), config, clock: shell.clock })
}

/** @throws UsageInvalid when the typed file has no such subscription */
export function knownSubscription(name: string, { config }: LoadedApp): string {
  const known = [...config.subscriptions.keys()]
  return oneOf(
    'subscription',
    name,
    known,
    didYouMean(name, known, (found) => `"${found}"`),
  )
}

export interface ListedLetter extends IndexedLetter {
  readonly subscription: string
}

export function letterTable(
  letters: readonly ListedLetter[],
  now: number,
  out: Pick<Output, 'paint' | 'width'>,
): string[] {
  const { paint, width } = out
  return tableLines({
    columns: [
      { title: 'SUBSCRIPTION', dispensable: 6 },
      // Never cut: it is what the other commands are given.
      { title: 'ID' },
      { title: 'STATUS' },
      { title: 'TYPE', flexible: true, dispensable: 2 },
      { title: 'KEY', flexible: true, dispensable: 1 },
      { title: 'TRIES', align: 'right', dispensable: 4 },
      { title: 'AGE', align: 'right', dispensable: 5 },
      { title: 'WHY', flexible: true, dispensable: 3 },
    ],
    rows: letters.map((letter) => [
      letter.subscription,
      letter.id,
      letter.status,
      printable(letter.type),
      clip(printable(letter.key), 40),
      String(letter.attempts),
      span(Math.max(0, now - letter.deadAt)),
      clip(printable(letter.errorMessage ? `${letter.errorName}: ${letter.errorMessage}` : letter.reason), 80),
    ]),
    width,
    paint,
    tint: (cell, row, column) => {
      if (column === 0) return paint.name(cell)
      if (column !== 2) return cell
      return { dead: paint.bad, parked: paint.warn, redriving: paint.good }[letters[row]!.status](cell)
    },
  })
}

const refusals = new Set<LetterResult['outcome']>(['failed', 'blocked', 'unknown'])

/** Whether something that was asked for was not done. */
export function anyRefused(results: readonly LetterResult[]): boolean {
  return results.some((result) => refusals.has(result.outcome))
}

/** Results as JSON, errors told. */
export function resultsJson(results: readonly LetterResult[]): unknown[] {
  return results.map(({ error, ...result }) => (error === undefined ? result : { ...result, error: errorJson(error) }))
}

const mostLines = 50

/** How many of each outcome, and why some were refused. */
export function resultLines(results: readonly LetterResult[], out: Pick<Output, 'paint'>): string[] {
  const { paint } = out
  if (results.length === 0) return ['no letter matches']
  const counts = Map.groupBy(results, (result) => result.outcome)
  const refused = results.filter((result) => refusals.has(result.outcome))
  return [
    [...counts].map(([outcome, list]) => `${list.length} ${outcome}`).join(', '),
    ...refused.slice(0, mostLines).map((result) => {
      const why = result.error?.message ?? result.story?.chain[0]?.message ?? ''
      return `${paint.bad(result.outcome)} ${result.id}${why === '' ? '' : `: ${printable(why)}`}`
    }),
    ...(refused.length > mostLines ? [`and ${refused.length - mostLines} more`] : []),
  ]
}

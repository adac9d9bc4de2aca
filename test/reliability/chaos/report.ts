/**
 * Verdicts for people: a table, and the story of a run that broke a promise.
 * @module
 */
import type { Gap } from './gap.ts'
import type { Verdict } from './history/checker.ts'

export interface Told {
  readonly fault: string
  readonly verdict: Verdict
  /** Where the history is, when it was kept. */
  readonly directory: string | undefined
}

const columns = [
  'fault',
  'events',
  'per s',
  'acked',
  'unknown',
  'failed',
  'no ack for',
  'handled',
  'again',
  'dead',
  'parked',
  'stale',
  'drained',
  'verdict',
]

/** A line for each run. */
export function table(told: readonly Told[]): string {
  return aligned([columns, ...told.map(cells)])
}

function cells({ fault, verdict }: Told): string[] {
  const { events, subscriptions, faults } = verdict
  const sum = (name: 'handled' | 'again' | 'dead' | 'parked' | 'stale'): string =>
    `${Object.values(subscriptions).reduce((total, counts) => total + counts[name], 0)}`
  const drained = Math.max(...faults.map(({ drainedAfterMs }) => drainedAfterMs ?? Infinity))
  return [
    fault,
    `${events.calls}`,
    events.rate.toFixed(0),
    `${events.acked}`,
    `${events.unknown}`,
    `${events.failed}`,
    seconds(events.longestGapMs),
    sum('handled'),
    sum('again'),
    sum('dead'),
    sum('parked'),
    sum('stale'),
    Number.isFinite(drained) ? seconds(drained) : 'never',
    verdict.violations.length === 0
      ? 'good'
      : [...verdict.counts].map(([rule, count]) => `${rule} ${count}`).join(', '),
  ]
}

/** For programs. */
export function summaryOf({ fault, verdict, directory }: Told): unknown {
  const { events, subscriptions, violations, counts, faults } = verdict
  const seen = faults.map(({ counts: happened, ...rest }) => ({ ...rest, happened: Object.fromEntries(happened) }))
  return { fault, events, subscriptions, faults: seen, counts: Object.fromEntries(counts), violations, directory }
}

/** What was broken: a few of each rule. */
export function storyOf({ violations, counts }: Verdict, ofEach = 5): string[] {
  return [...counts].flatMap(([rule, count]) => [
    `${rule}: ${count}`,
    ...violations
      .filter((violation) => violation.rule === rule)
      .slice(0, ofEach)
      .map(({ text, t }) => `    at ${t.toFixed(3)}: ${text}`),
  ])
}

export function gapTable(gaps: readonly Gap[]): string {
  const rows = gaps.map(({ sessionTimeoutMs, rounds, withController, goalMs, met }) => [
    seconds(sessionTimeoutMs),
    rounds.map((ms) => seconds(ms)).join(', '),
    seconds(Math.max(...rounds)),
    `≤ ${seconds(goalMs)}`,
    met ? 'met' : 'missed',
    seconds(withController),
  ])
  const head = ['broker.session.timeout.ms', 'gap of each round', 'longest', 'goal', 'verdict', 'the controller too']
  return aligned([head, ...rows])
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/**
 * What `dev` says at the end.
 * @module
 */
import { count, span } from '../format.ts'
import type { Output } from '../output.ts'
import { tableLines } from '../table.ts'
import type { Gauges } from '../view/gauges.ts'

/** Times are milliseconds. A scenario's own fields stand beside these, and replace those of the same name. */
export interface Summary {
  readonly app: string
  /** How long the app ran, from its start to the end of settling. */
  readonly durationMs: number
  /** From the start of the process to the first handled event; null when none was. */
  readonly firstHandledMs: number | null
  /** Everything the scenario published came to its end before the settle time-out; true without a scenario. */
  readonly settled: boolean
  readonly published: number
  /** Handled events: one for every subscription that handled it. */
  readonly handled: number
  readonly deadLetters: number
  readonly retries: number
  readonly failedPublishes: number
  /** Where events were taken over HTTP; null where they were not. */
  readonly gateway: string | null
  /** Where it was shown in a browser; null where it was not. */
  readonly dashboard: string | null
  readonly lanes: Readonly<Record<string, LaneSummary>>
  readonly [field: string]: unknown
}

export interface LaneSummary {
  readonly published: number
  readonly handled: number
  /** Publish to handler start, first attempts, whole run. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly [field: string]: unknown
}

export interface SummaryInput {
  readonly gauges: Gauges
  readonly settled: boolean
  readonly durationMs: number
  /** What the scenario said. */
  readonly own: Record<string, unknown>
}

export function summaryOf({ gauges, settled, durationMs, own }: SummaryInput): Summary {
  const snapshot = gauges.snapshot()
  const lanes = Object.entries(snapshot.lanes)
  const ownLanes = (own['lanes'] ?? {}) as Record<string, Record<string, unknown>>
  const { lanes: _lanes, ...ownFields } = own
  return {
    app: snapshot.app,
    durationMs: Math.round(durationMs),
    firstHandledMs: gauges.firstHandledMs,
    settled,
    published: lanes.reduce((sum, [, lane]) => sum + lane.published, 0),
    handled: lanes.reduce((sum, [, lane]) => sum + lane.handled, 0),
    deadLetters: lanes.reduce((sum, [, lane]) => sum + lane.deadLetters, 0),
    retries: snapshot.retries,
    failedPublishes: snapshot.failedPublishes,
    gateway: snapshot.gateway,
    dashboard: snapshot.dashboard,
    ...ownFields,
    lanes: Object.fromEntries(
      lanes.map(([name, { published, handled }]) => [
        name,
        { published, handled, ...gauges.whole(name), ...ownLanes[name] },
      ]),
    ),
  }
}

/** The summary for people. */
export function summaryLines(summary: Summary, out: Pick<Output, 'paint' | 'width'>): string[] {
  const { paint } = out
  const rows = Object.entries(summary.lanes).map(([name, lane]) => [
    name,
    count(lane.published),
    count(lane.handled),
    lane.p50Ms === null ? '-' : span(lane.p50Ms),
    lane.p99Ms === null ? '-' : span(lane.p99Ms),
  ])
  const columns = ['LANE', 'PUBLISHED', 'HANDLED', 'P50', 'P99'].map((title, index) =>
    index === 0 ? { title, flexible: true } : { title, align: 'right' as const },
  )
  const { lanes: _lanes, ...facts } = summary
  const told = Object.entries(facts).filter(([, value]) => typeof value === 'number')
  return [
    ...tableLines({ columns, rows, width: out.width, paint }),
    '',
    ...told.map(([name, value]) => `${paint.faint(wordsOf(name).padEnd(18))} ${valueText(name, value as number)}`),
    ...(summary.settled ? [] : [paint.warn('not everything came to its end before the settle time-out')]),
    ...(Number(summary['abandoned'] ?? 0) > 0
      ? [
          paint.warn(
            'unfinished handlers were left when the drain time-out passed; the next start repeats their events',
          ),
        ]
      : []),
    ...(summary['failed'] === true ? [paint.bad('what the scenario checked has failed')] : []),
  ]
}

/** `firstHandledMs` as `first handled`: the unit stands with the value. */
function wordsOf(name: string): string {
  return name.replace(/Ms$/, '').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function valueText(name: string, value: number): string {
  return name.endsWith('Ms') ? span(value) : count(value)
}

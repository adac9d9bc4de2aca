/**
 * One frame of the live view, as lines: pure, so that it can be tested at any size.
 * @module
 */
import { bytes, clip, compact, fit, moment, span } from '../format.ts'
import type { Paint } from '../paint.ts'
import { tableLines, type Column } from '../table.ts'
import type { Note, Snapshot } from './snapshot.ts'
import { roundScale, sparkline } from './sparkline.ts'

export interface FrameOptions {
  readonly snapshot: Snapshot
  /** p99 of the most urgent lane, one value a second, oldest first; undefined where nothing ran. */
  readonly history: readonly (number | undefined)[]
  readonly notes: readonly Note[]
  /** What is run, e.g. `embedded log .veltrix/checkout`. */
  readonly place: string
  readonly draining: boolean
  readonly memoryBytes: number
  readonly columns: number
  readonly rows: number
  readonly paint: Paint
}

/** At most `rows` lines, none wider than `columns`. */
export function frameLines(options: FrameOptions): string[] {
  const head = [
    ...titleLines(options),
    ...gatewayLines(options),
    '',
    ...laneLines(options),
    '',
    criticalLine(options),
    '',
  ]
  const body = [...head, ...subscriptionLines(options)]
  const room = options.rows - body.length - 1
  const notes = room > 0 ? options.notes.slice(-room).map((note) => noteLine(note, options.columns, options.paint)) : []
  return [...body, ...(notes.length > 0 ? ['', ...notes] : [])].slice(0, Math.max(1, options.rows))
}

function titleLines({ snapshot, place, draining, memoryBytes, columns, paint }: FrameOptions): string[] {
  const state = draining ? 'draining, once more leaves at once' : 'Ctrl-C drains and leaves'
  const left = `veltrix dev  ${snapshot.app}  ${span(snapshot.upMs)}`
  const paintLeft = (text: string): string => text.replace(snapshot.app, (name) => paint.strong(name))
  const right = `${place}  ${bytes(memoryBytes)}  ${state}`
  if (left.length + right.length + 2 <= columns) {
    const blanks = ' '.repeat(columns - left.length - right.length)
    return [`${paintLeft(left)}${blanks}${draining ? paint.warn(right) : paint.faint(right)}`]
  }
  return [
    paintLeft(clip(left, columns)),
    draining ? paint.warn(clip(state, columns)) : paint.faint(clip(state, columns)),
  ]
}

function gatewayLines({ snapshot, columns, paint }: FrameOptions): string[] {
  const { gateway, dashboard } = snapshot
  return [
    // A terminal makes a link of it: it is not cut, but wraps where there is no room.
    ...(dashboard === null ? [] : wrapped(`dashboard  ${dashboard}`, columns).map((line) => paint.strong(line))),
    ...(gateway === null ? [] : [paint.faint(clip(`gateway  POST ${gateway}/events`, columns))]),
  ]
}

/** Of an address nothing is left out. */
function wrapped(text: string, columns: number): string[] {
  const count = Math.ceil(text.length / columns)
  return Array.from({ length: count }, (_, nth) => text.slice(nth * columns, (nth + 1) * columns))
}

const laneColumns: readonly Column[] = [
  { title: 'LANE', flexible: true },
  { title: 'PUBLISHED/S', align: 'right', dispensable: 5 },
  { title: 'HANDLED/S', align: 'right', dispensable: 3 },
  { title: 'P50', align: 'right', dispensable: 4 },
  { title: 'P99', align: 'right' },
  { title: 'P99 TO DONE', align: 'right', dispensable: 7 },
  { title: 'LAG', align: 'right', dispensable: 1 },
  { title: 'WAITING KEYS', align: 'right', dispensable: 6 },
  { title: 'DEAD', align: 'right', dispensable: 2 },
]

const narrowTitles: Readonly<Record<string, string>> = {
  'PUBLISHED/S': 'PUB/S',
  'HANDLED/S': 'DONE/S',
  'WAITING KEYS': 'WAIT',
  SUBSCRIPTION: 'SUBSCR.',
  'PARKED KEYS': 'PARKED',
}

function columnsFor(columns: readonly Column[], width: number): readonly Column[] {
  return width >= 100
    ? columns
    : columns.map((column) => ({ ...column, title: narrowTitles[column.title] ?? column.title }))
}

function laneLines({ snapshot, columns, paint }: FrameOptions): string[] {
  const rows = Object.entries(snapshot.lanes).map(([name, lane]) => [
    name,
    compact(lane.publishedPerSecond),
    compact(lane.handledPerSecond),
    latency(lane.p50Ms).padStart(6),
    latency(lane.p99Ms).padStart(6),
    latency(lane.totalP99Ms),
    number(lane.lag).padStart(5),
    number(lane.waitingKeys),
    number(lane.deadLetters),
  ])
  const shown = columnsFor(laneColumns, columns)
  return tableLines({
    columns: shown,
    rows,
    width: columns,
    paint,
    tint: (cell, row, column) => {
      if (column === 0) return paint.name(cell)
      if (column === 4 && row === 0) return paint.strong(cell)
      if (column === 8 && rows[row]![8] !== '0') return paint.bad(cell)
      if (column === 7 && rows[row]![7] !== '0') return paint.warn(cell)
      return cell
    },
  })
}

function criticalLine({ snapshot, history, columns, paint }: FrameOptions): string {
  const lane = Object.keys(snapshot.lanes)[0] ?? ''
  const known = history.filter((value) => value !== undefined)
  const scale = roundScale(Math.max(0, ...known.slice(-60)))
  const label = clip(`p99 of ${lane} `, columns)
  const tail = clip(`  0 to ${span(scale)}, ${Math.min(60, history.length)} s`, columns - label.length)
  const room = Math.max(0, Math.min(60, columns - label.length - tail.length))
  return `${label}${paint.good(fit(sparkline(history, room, scale), room))}${paint.faint(tail)}`
}

const subscriptionColumns: readonly Column[] = [
  { title: 'SUBSCRIPTION', flexible: true },
  { title: 'BREAKER' },
  { title: 'RUNNING', align: 'right', dispensable: 3 },
  { title: 'HANDLED', align: 'right', dispensable: 4 },
  { title: 'LAG', align: 'right', dispensable: 2 },
  { title: 'WAITING KEYS', align: 'right', dispensable: 5 },
  { title: 'PARKED KEYS', align: 'right', dispensable: 6 },
  { title: 'DEAD', align: 'right', dispensable: 1 },
]

function subscriptionLines({ snapshot, columns, paint }: FrameOptions): string[] {
  const entries = Object.entries(snapshot.subscriptions)
  if (entries.length === 0) return [paint.faint('no subscriptions')]
  const rows = entries.map(([name, subscription]) => [
    name,
    subscription.breaker.padEnd(9),
    compact(subscription.running),
    compact(subscription.handled).padStart(5),
    number(subscription.lag).padStart(5),
    number(subscription.waitingKeys),
    number(subscription.parkedKeys),
    number(subscription.deadLetters),
  ])
  return tableLines({
    columns: columnsFor(subscriptionColumns, columns),
    rows,
    width: columns,
    paint,
    tint: (cell, row, column) => {
      if (column === 0) return paint.name(cell)
      if (column === 1) return entries[row]![1].breaker === 'closed' ? paint.good(cell) : paint.bad(cell)
      if (column === 7 && rows[row]![7] !== '0') return paint.bad(cell)
      return cell
    },
  })
}

/** `12:00:01 dead  billing: …` */
export function noteLine(note: Note, columns: number, paint: Paint): string {
  const time = moment(note.at).slice(11)
  const text = clip(note.text, Math.max(1, columns - time.length - 1))
  const tint = { dead: paint.bad, breaker: paint.warn, retry: paint.faint, trouble: paint.bad, text: paint.name }[
    note.kind
  ]
  return `${paint.faint(time)} ${tint(text)}`
}

function latency(ms: number | null): string {
  return ms === null ? '-' : span(ms)
}

function number(value: number | null): string {
  return value === null ? '-' : compact(value)
}

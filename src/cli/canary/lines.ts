/**
 * A canary's report as a table: lanes, then partitions, those that are not well first; and the brokers' clocks.
 * @module
 */
import { lossOf, type CanaryReport, type PartitionReport, type ProbeReport } from '../../canary/index.ts'
import { count, plural, span } from '../format.ts'
import type { Output } from '../output.ts'
import { tableLines } from '../table.ts'

const columns = [
  { title: 'LANE' },
  { title: 'PARTITION', align: 'right' },
  { title: 'LEADER', align: 'right', dispensable: 4 },
  { title: 'AVAILABLE', align: 'right' },
  { title: 'PROBES', align: 'right', dispensable: 3 },
  { title: 'LOST', align: 'right' },
  { title: 'LATE', align: 'right', dispensable: 5 },
  { title: 'TWICE', align: 'right', dispensable: 6 },
  { title: 'ACK p50', align: 'right', dispensable: 2 },
  { title: 'ACK p99', align: 'right' },
  { title: 'READ p50', align: 'right', dispensable: 2 },
  { title: 'READ p99', align: 'right' },
  { title: 'READ max', align: 'right', dispensable: 1 },
  { title: 'GAP', align: 'right', dispensable: 7 },
] as const

export function canaryLines(report: CanaryReport, out: Pick<Output, 'paint' | 'width'>): string[] {
  const parts = report.partitions.toSorted((a, b) => troubleOf(b) - troubleOf(a))
  const all: readonly ProbeReport[] = [...report.lanes, ...parts]
  const lines = tableLines({
    columns,
    rows: [
      ...report.lanes.map((lane) => [lane.lane, 'all', '', ...cellsOf(lane)]),
      ...parts.map((each) => [each.lane, `${each.partition}`, leaderText(each), ...cellsOf(each)]),
    ],
    width: out.width,
    paint: out.paint,
    tint: (cell, row, column) => {
      if (column === 0) return out.paint.name(cell)
      if (column === 3 && (all[row]!.availability ?? 1) < 1) return out.paint.bad(cell)
      return column === 5 && all[row]!.lost > 0 ? out.paint.bad(cell) : cell
    },
  })
  const clocks = report.clocks.map(
    ({ broker, offsetMs, withinMs }) =>
      `clock of broker ${broker}: ${span(Math.abs(offsetMs))} ${offsetMs < 0 ? 'behind' : 'ahead of'} this machine, ± ${span(withinMs)}`,
  )
  const trouble = parts.find(({ lastError, availability }) => lastError !== null && availability !== 1)
  const last = trouble === undefined ? [] : [`${trouble.topic}/${trouble.partition}: ${trouble.lastError}`]
  return [...lines, ...clocks.map((line) => out.paint.faint(line)), ...last]
}

/** `0.12% of 1,000 probes failed, 2 lost` */
export function lossText(report: CanaryReport): string {
  const sum = (of: (lane: ProbeReport) => number): number => report.lanes.reduce((total, lane) => total + of(lane), 0)
  const probes = plural(
    sum((lane) => lane.attempts),
    'probe',
  )
  const part = lossOf(report) * 100
  const percent = part > 0 && part < 0.01 ? '<0.01' : `${Math.round(part * 100) / 100}`
  const unanswered = sum((lane) => lane.attempts - lane.acknowledged)
  return `${probes}: ${count(unanswered)} not acknowledged, ${count(sum((lane) => lane.missing))} missing: ${percent}% loss`
}

function cellsOf({ availability, attempts, lost, late, duplicates, ackMs, endToEndMs, longestGapMs }: ProbeReport) {
  const time = (ms: number | undefined): string => (ms === undefined ? '' : span(ms))
  return [
    availability === null ? '' : `${Math.floor(availability * 10_000) / 100}%`,
    count(attempts),
    count(lost),
    count(late),
    count(duplicates),
    time(ackMs?.p50),
    time(ackMs?.p99),
    time(endToEndMs?.p50),
    time(endToEndMs?.p99),
    time(endToEndMs?.max),
    span(longestGapMs),
  ]
}

function troubleOf({ availability, lost }: PartitionReport): number {
  return 1 - (availability ?? 1) + lost
}

function leaderText({ leader }: PartitionReport): string {
  if (leader === null) return ''
  return leader < 0 ? 'none' : `${leader}`
}

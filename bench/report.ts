/**
 * Results as a table for the terminal, and as Markdown.
 * @module
 */
import type { Machine } from './machine.ts'
import type { Result } from './result.ts'

export interface Report {
  readonly at: string
  readonly rounds: number
  readonly quick: boolean
  readonly machine: Machine
  readonly results: readonly Result[]
}

const columns = ['what', 'goal', 'median', 'min..max', '÷ goal', 'raw SQLite', '÷ raw', 'verdict']

export function terminalTable({ results }: Report): string {
  const rows = [columns, ...results.map((result) => cells(result))]
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    ) // prettier-ignore
    .join('\n')
}

export function markdown(report: Report): string {
  const { machine, results } = report
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`
  return [
    '# Benchmark',
    '',
    ...(report.quick ? ['**A quick run: a tenth of the work. Its figures are no result.**', ''] : []),
    `Node ${machine.node}, SQLite ${machine.sqlite}, ${machine.system}, ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB; ${report.at.slice(0, 10)}.`,
    `Events of 1 KiB, fsync on; ${report.rounds} rounds in turns, each in a process of its own; medians.`,
    '',
    line(columns),
    line(columns.map(() => '---')),
    ...results.map((result) => line(cells(result))),
    '',
    'Raw SQLite: the same bytes in batches of the same size into a table, a row per batch and partition, WAL, `synchronous=FULL`, and nothing else.',
    '',
    '## How, and what the figures are made of',
    '',
    ...results.flatMap((result) => [
      `- **${result.title}**: ${result.how}.${partsOf(result) && ` ${partsOf(result)}.`}`,
    ]),
    '',
  ].join('\n')
}

/** Medians of the parts in one line; empty when there are none. */
export function partsOf({ parts }: Result): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name}: ${number(value)}`)
    .join('; ')
}

function cells(result: Result): string[] {
  const { goal, unit, ceiling } = result
  const wanted = 'atLeast' in goal ? `≥ ${number(goal.atLeast)}` : `≤ ${number(goal.atMost)}`
  return [
    result.title,
    `${wanted} ${unit}`,
    number(result.median),
    `${number(result.least)}..${number(result.most)}`,
    `${Math.round(result.ofGoal * 100)} %`,
    ceiling === undefined ? '' : number(ceiling),
    ceiling === undefined ? '' : `${Math.round((result.median / ceiling) * 100)} %`,
    result.met ? 'met' : 'missed',
  ]
}

/** Three digits at least, thousands apart. */
function number(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

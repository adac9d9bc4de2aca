/**
 * Results as a table for the terminal, and as Markdown.
 * @module
 */
import type { Machine } from './machine.ts'
import type { SuiteName } from './catalog.ts'
import type { Result } from './result.ts'

export interface Report {
  readonly at: string
  readonly rounds: number
  readonly quick: boolean
  readonly machine: Machine
  /** Of a Kafka cluster and of what was compared on it. */
  readonly versions?: Readonly<Record<string, string>>
  readonly suite: SuiteName
  readonly results: readonly Result[]
}

const usualColumns = ['what', 'goal', 'median', 'min..max', '÷ goal', 'verdict']
const ceilingColumns = ['raw SQLite', '÷ raw']

const suiteTexts: Readonly<Record<SuiteName, { readonly title: string; readonly setting: string }>> = {
  latest: { title: 'Benchmark', setting: 'Events of 1 KiB, fsync on; each round in a process of its own' },
  kafka: {
    title: 'Benchmark on Kafka',
    setting:
      'Three brokers on the same machine as the clients, replication factor 3, min ISR 2, acks=all, events of 1 KiB; each side in a process of its own, the order of the sides changes from round to round. What each side wrote or handled is checked: every event once, in order by key',
  },
  gateway: {
    title: 'Benchmark of the gateway',
    setting:
      'Events of 1 KiB, fsync on; server, load tool and (for Kafka) three brokers share the machine; each side in a process of its own, the order of the sides changes from round to round. That each side stored what it answered is checked',
  },
}

/** What it was measured on. */
export function headOf({ machine, versions }: Report): string {
  const { node, sqlite, system, processor, cores, memoryGiB } = machine
  const others = Object.entries(versions ?? { SQLite: sqlite }).map(([name, version]) => `${name} ${version}`)
  return `Node ${node}, ${others.join(', ')}, ${system}, ${cores} cores (${processor}), ${memoryGiB} GiB`
}

export function terminalTable(report: Report): string {
  const rows = table(report)
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
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
  const { results, versions } = report
  const withOthers = versions !== undefined
  const { title, setting } = suiteTexts[report.suite]
  return [
    `# ${title}`,
    '',
    ...(report.quick ? ['**A quick run: a tenth of the work. Its figures are no result.**', ''] : []),
    `${headOf(report)}; ${report.at.slice(0, 10)}.`,
    `${setting}; ${report.rounds} rounds in turns; medians.`,
    '',
    ...markdownTable(table(report)),
    '',
    ...(withOthers
      ? ['## Side by side', '', ...sidesTable(results), '', ...losses(results), '']
      : [
          'Raw SQLite: the same bytes in batches of the same size into a table, a row per batch and partition, WAL, `synchronous=FULL`, and nothing else.',
          '',
        ]),
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

/** Each side of a comparison in a line. */
export function sidesOf(result: Result): string[] {
  return sideRows(result).map(
    ([, side, middle, spread, ratio]) => `${side}: ${middle}/s (${spread}), Veltrix ÷ it ${ratio}`,
  )
}

function sidesTable(results: readonly Result[]): string[] {
  const head = ['what', 'side', 'median, events/s', 'min..max', 'Veltrix ÷ it']
  return markdownTable([head, ...results.flatMap(sideRows)])
}

function sideRows({ title, sides }: Result): string[][] {
  const own = Object.values(sides)[0]?.median ?? 0
  return Object.entries(sides).map(([side, { median, least, most }]) => {
    return [title, side, number(median), `${number(least)}..${number(most)}`, number(own / median)]
  })
}

/** Where another side was faster, and which goals were missed. */
function losses(results: readonly Result[]): string[] {
  const slower = results.flatMap(({ title, sides }) => {
    const [own, ...others] = Object.entries(sides)
    return others
      .filter(([, { median }]) => median > own![1].median)
      .map(([side, { median }]) => `- ${title}: ${side} is faster, ${number(median / own![1].median)} times Veltrix.`)
  })
  const missed = results
    .filter(({ met }) => !met)
    .map((result) => `- ${result.title}: ${number(result.median)} ${result.unit} misses its goal, ${goalOf(result)}.`)
  const lines = [...slower, ...missed]
  return ['## Where Veltrix loses', '', ...(lines.length > 0 ? lines : ['In none of these.'])]
}

function table({ results }: Report): string[][] {
  const withCeiling = results.some(({ ceiling }) => ceiling !== undefined)
  const columns = withCeiling ? usualColumns.toSpliced(-1, 0, ...ceilingColumns) : usualColumns
  return [columns, ...results.map((result) => cells(result, withCeiling))]
}

function markdownTable([head, ...rows]: readonly string[][]): string[] {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`
  return [line(head!), line(head!.map(() => '---')), ...rows.map(line)]
}

function cells(result: Result, withCeiling: boolean): string[] {
  const { ceiling } = result
  const raw = ceiling === undefined ? ['', ''] : [number(ceiling), `${Math.round((result.median / ceiling) * 100)} %`]
  return [
    result.title,
    goalOf(result),
    number(result.median),
    `${number(result.least)}..${number(result.most)}`,
    `${Math.round(result.ofGoal * 100)} %`,
    ...(withCeiling ? raw : []),
    result.met ? 'met' : 'missed',
  ]
}

function goalOf({ goal, unit }: Result): string {
  return 'atLeast' in goal ? `≥ ${number(goal.atLeast)} ${unit}` : `≤ ${number(goal.atMost)} ${unit}`
}

/** Three digits at least, thousands apart. */
function number(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

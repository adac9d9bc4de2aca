/**
 * `npm run bench`: measures the scenarios and keeps the results.
 *
 *     node bench/run.ts [--only <name>]… [--rounds <n>] [--quick]
 *
 * `--only` may be given several times; then, and with `--quick`, the kept results stay as they are. Progress goes to stderr, the table to
 * stdout. Exit code 0 whether or not goals are met, 1 when a scenario failed, 2 when the arguments were wrong.
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isScenarioName, loadScenario, scenarioNames, type ScenarioName } from './catalog.ts'
import { machine } from './machine.ts'
import { markdown, partsOf, terminalTable, type Report } from './report.ts'
import { resultOf } from './result.ts'
import type { Figures } from './scenario.ts'

const options = readOptions()
if (options) await run(options)

interface Options {
  readonly names: readonly ScenarioName[]
  readonly rounds: number
  readonly quick: boolean
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
      },
    })
    const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds is ${values.rounds}; give a whole number.`)
    const names = (values.only ?? scenarioNames).map((name) => {
      if (isScenarioName(name)) return name
      throw new Error(`There is no scenario "${name}". There are: ${scenarioNames.join(', ')}.`)
    })
    return { names, rounds, quick: values.quick }
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 2
    return undefined
  }
}

async function run({ names, rounds, quick }: Options): Promise<void> {
  const figures = new Map<ScenarioName, Figures[]>(names.map((name) => [name, []]))
  // In turns: a slow spell of the machine touches every scenario, not one.
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      const startedAt = performance.now()
      process.stderr.write(`round ${round} of ${rounds}: ${name} … `)
      const measured = await measureApart(name, quick).catch((error: Error) => error)
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
      if (measured instanceof Error) {
        console.error(measured.message)
        process.exitCode = 1
      } else {
        console.error(`${measured.value.toPrecision(4)} (${seconds} s)`)
        figures.get(name)!.push(measured)
      }
    }
  }
  const results = []
  for (const [name, measured] of figures) {
    if (measured.length > 0) results.push(resultOf(await loadScenario(name), measured))
  }
  const report: Report = { at: new Date().toISOString(), rounds, quick, machine: machine(), results }
  show(report)
  if (!quick && names.length === scenarioNames.length && results.length === names.length) keep(report)
}

/** One round in a child process, with a directory that goes with it. */
async function measureApart(name: ScenarioName, quick: boolean): Promise<Figures> {
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-bench-'))
  try {
    const child = fork(join(import.meta.dirname, 'round-child.ts'), [name, directory, quick ? 'quick' : 'full'])
    let figures: Figures | undefined
    child.on('message', (message) => (figures = message as Figures))
    const [code] = (await once(child, 'exit')) as [number | null]
    if (figures === undefined || code !== 0) throw new Error(`failed: its process ended with ${code}`)
    return figures
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function show(report: Report): void {
  const { node, sqlite, system, processor, cores, memoryGiB } = report.machine
  console.log(`\nNode ${node}, SQLite ${sqlite}, ${system}, ${cores} cores (${processor}), ${memoryGiB} GiB`)
  if (report.quick) console.log('A quick run: a tenth of the work. Its figures are no result.')
  console.log(`\n${terminalTable(report)}\n`)
  for (const result of report.results) if (partsOf(result)) console.log(`${result.name}: ${partsOf(result)}`)
}

function keep(report: Report): void {
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(join(folder, 'latest.md'), markdown(report))
}

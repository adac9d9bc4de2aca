/**
 * `npm run bench`: measures the scenarios and keeps the results.
 *
 *     node bench/run.ts [--kafka | --gateway] [--only <name>]… [--rounds <n>] [--quick]
 *
 * `--kafka` measures on a Kafka cluster of three brokers, which it starts, beside other clients; `--gateway` measures over HTTP, with wrk,
 * and on Kafka too. `--only` may be given several times; then,
 * and with `--quick`, the kept results stay as they are. Progress goes to stderr, the table to stdout. Exit code 0 whether or not goals are
 * met, 1 when a scenario failed, 2 when the arguments were wrong.
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  isScenarioName,
  loadScenario,
  needsKafka,
  needsWrk,
  suites,
  type ScenarioName,
  type SuiteName,
} from './catalog.ts'
import { wrkVersion } from './gateway/wrk.ts'
import { startKafka, type RunningKafka } from './kafka/cluster.ts'
import { machine, packageVersion } from './machine.ts'
import { headOf, markdown, partsOf, sidesOf, terminalTable, type Report } from './report.ts'
import { resultsOf } from './result.ts'
import type { Figures, Round } from './scenario.ts'

/** Of this run; goes with it, however it ends. */
const base = mkdtempSync(join(tmpdir(), 'veltrix-bench-'))
process.once('exit', () => rmSync(base, { recursive: true, force: true }))
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
        kafka: { type: 'boolean', default: false },
        gateway: { type: 'boolean', default: false },
      },
    })
    const suite = values.kafka ? 'kafka' : values.gateway ? 'gateway' : 'latest'
    const rounds = Number(values.rounds ?? (values.quick ? 1 : suite === 'latest' ? 5 : 3))
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds is ${values.rounds}; give a whole number.`)
    const names = (values.only ?? suites[suite]).map((name) => {
      if (isScenarioName(name)) return name
      const known = Object.values(suites).flat().join(', ')
      throw new Error(`There is no scenario "${name}". There are: ${known}.`)
    })
    return { names, rounds, quick: values.quick }
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 2
    return undefined
  }
}

async function run({ names: wanted, rounds, quick }: Options): Promise<void> {
  const kafka = wanted.some(needsKafka) ? await startKafka() : undefined
  const names = wanted
    .filter((name) => !needsKafka(name) || typeof kafka !== 'string' || skipped(name, kafka))
    .filter((name) => !needsWrk(name) || wrkVersion() !== undefined || skipped(name, 'wrk is not installed.'))
  if (typeof kafka === 'object') await measureOn(kafka, { names, rounds, quick })
  else if (names.length > 0) await measureAll({ names, rounds, quick }, undefined)
}

function skipped(name: ScenarioName, reason: string): false {
  console.error(`Skipped ${name}: ${reason}`)
  return false
}

async function measureOn(kafka: RunningKafka, options: Options): Promise<void> {
  // The brokers end with this process in any case, but would leave gigabytes of files.
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => void kafka.stop().finally(() => process.exit(code)))
  }
  try {
    await measureAll(options, kafka)
  } finally {
    await kafka.stop()
  }
}

async function measureAll({ names, rounds, quick }: Options, kafka: RunningKafka | undefined): Promise<void> {
  const figures = new Map<ScenarioName, Figures[]>(names.map((name) => [name, []]))
  const base = { quick, brokers: kafka?.brokers ?? [] }
  for (const name of names) {
    if ((await loadScenario(name)).prepare)
      await told(`prepare: ${name}`, () => apart(name, 'prepare', { ...base, number: 0 }))
  }
  // In turns: a slow spell of the machine touches every scenario, not one.
  for (let number = 1; number <= rounds; number++) {
    for (const name of names) {
      const measured = await told(`round ${number} of ${rounds}: ${name}`, () =>
        apart(name, 'measure', { ...base, number }),
      )
      if (measured) figures.get(name)!.push(measured)
    }
  }
  const results = []
  let measured = 0
  for (const [name, each] of figures) {
    if (each.length === 0) continue
    measured++
    results.push(...resultsOf(await loadScenario(name), each))
  }
  const report: Report = {
    at: new Date().toISOString(), rounds, quick, machine: machine(), versions: versionsOf(names, kafka), results,
    suite: suiteOf(names),
  } // prettier-ignore
  show(report)
  if (quick || measured < names.length) return
  if (isAll(names, suites[report.suite])) keep(report, report.suite)
}

/** Of a mixed run the first one's. */
function suiteOf(names: readonly ScenarioName[]): SuiteName {
  return (Object.keys(suites) as SuiteName[]).find((suite) => suites[suite].includes(names[0]!))!
}

function versionsOf(names: readonly ScenarioName[], kafka: RunningKafka | undefined): Report['versions'] {
  if (!names.some(needsWrk)) return kafka?.versions
  return { wrk: wrkVersion()!, Fastify: packageVersion('fastify'), ...kafka?.versions }
}

/** Tells of it on stderr. Answers undefined when it failed. */
async function told(what: string, work: () => Promise<Figures>): Promise<Figures | undefined> {
  const startedAt = performance.now()
  process.stderr.write(`${what} … `)
  try {
    const { value, ...rest } = await work()
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
    console.error(`${value === undefined ? 'done' : value.toPrecision(4)} (${seconds} s)`)
    return { value, ...rest }
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
    return undefined
  }
}

/** One round in a child process, with a directory that goes with it. */
async function apart(
  name: ScenarioName,
  phase: 'prepare' | 'measure',
  given: Omit<Round, 'directory'>,
): Promise<Figures> {
  const directory = mkdtempSync(join(base, 'round-'))
  try {
    const round: Round = { ...given, directory }
    const child = fork(join(import.meta.dirname, 'round-child.ts'), [name, phase, JSON.stringify(round)])
    let figures: Figures | undefined
    child.on('message', (message) => (figures = message as Figures))
    const [code] = (await once(child, 'exit')) as [number | null]
    if (figures === undefined || code !== 0) throw new Error(`failed: its process ended with ${code}`)
    return figures
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function isAll(names: readonly ScenarioName[], all: readonly ScenarioName[]): boolean {
  return names.length === all.length && all.every((name) => names.includes(name))
}

function show(report: Report): void {
  console.log(`\n${headOf(report)}`)
  if (report.quick) console.log('A quick run: a tenth of the work. Its figures are no result.')
  console.log(`\n${terminalTable(report)}\n`)
  for (const result of report.results) {
    for (const line of sidesOf(result)) console.log(`${result.name}: ${line}`)
    if (partsOf(result)) console.log(`${result.name}: ${partsOf(result)}`)
  }
}

function keep(report: Report, name: SuiteName): void {
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(join(folder, `${name}.md`), markdown(report))
}

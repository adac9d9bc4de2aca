/**
 * `npm run chaos`: every fault under a load, each as a run with a history of its own, which is judged.
 *
 *     npm run chaos -- [--fault <name>]… [--for 10m] [--seed 1] [--control acks|inbox] [--keep <folder>] [--json]
 *     npm run chaos -- --fault leader-kill --session-timeouts 3s,6s,9s [--rounds 3]
 *
 * Progress goes to stderr, the table (or JSON) to stdout. Histories of runs that break a promise are kept, and named. Exit code 0 when no
 * promise was broken (with `--control`: when the checker found the run wanting, as it must), 1 otherwise, 2 when the arguments were wrong.
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { KafkaCluster } from '../../../src/cluster/index.ts'
import { faultNamed, faults } from './faults.ts'
import type { Verdict } from './history/checker.ts'
import { machineTime } from './history/journal.ts'
import { measureGaps } from './gap.ts'
import { gapTable, storyOf, summaryOf, table, type Told } from './report.ts'
import { runChaos } from './rig.ts'
import type { Fault } from './stage.ts'

interface Options {
  readonly faults: readonly Fault[]
  readonly forMs: number | undefined
  readonly seed: number
  readonly control: 'acks' | 'inbox' | undefined
  readonly keep: string | undefined
  readonly json: boolean
  /** Of the brokers, milliseconds: measure the gap of acknowledgements, and nothing else. */
  readonly sessionTimeoutsMs: readonly number[]
  readonly rounds: number
}

const started = machineTime()
const options = readOptions()
if (options !== undefined) process.exitCode = await main(options)

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        fault: { type: 'string', multiple: true },
        for: { type: 'string' },
        seed: { type: 'string', default: '1' },
        control: { type: 'string' },
        keep: { type: 'string' },
        json: { type: 'boolean', default: false },
        'session-timeouts': { type: 'string' },
        rounds: { type: 'string', default: '3' },
      },
    })
    const { control } = values
    if (control !== undefined && control !== 'acks' && control !== 'inbox')
      throw new RangeError(`--control is "${control}"; it must be acks or inbox.`)
    return {
      faults: (values.fault ?? controlFaults(control) ?? faults.map(({ name }) => name)).map(faultNamed),
      forMs: values.for === undefined ? undefined : milliseconds('--for', values.for),
      seed: whole('--seed', values.seed),
      control,
      keep: values.keep,
      json: values.json,
      sessionTimeoutsMs: (values['session-timeouts']?.split(',') ?? []).map((each) =>
        milliseconds('--session-timeouts', each),
      ),
      rounds: whole('--rounds', values.rounds),
    }
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 2
    return undefined
  }
}

/** Faults that show what a control run gives up. */
function controlFaults(control: string | undefined): readonly string[] | undefined {
  if (control === 'acks') return ['leader-stop-kill']
  return control === 'inbox' ? ['worker-kill-in'] : undefined
}

async function main({ sessionTimeoutsMs, ...rest }: Options): Promise<number> {
  if (sessionTimeoutsMs.length === 0) return runAll({ sessionTimeoutsMs, ...rest })
  const gaps = await measureGaps({ sessionTimeoutsMs, rounds: rest.rounds, seed: rest.seed, note })
  console.log(rest.json ? JSON.stringify(gaps, null, 2) : gapTable(gaps))
  return gaps.every(({ met }) => met) ? 0 : 1
}

async function runAll({ faults, forMs, seed, control, keep, json }: Options): Promise<number> {
  const folder = keep ?? mkdtempSync(join(tmpdir(), 'veltrix-chaos-'))
  mkdirSync(folder, { recursive: true })
  const told: Told[] = []
  const cluster = await KafkaCluster.start()
  note(`three brokers: ${cluster.brokers.join(', ')}`)
  try {
    for (let round = 0; ; round++) {
      for (const fault of faults) {
        const directory = join(folder, `${fault.name}-${seed + round}`)
        const app = `chaos-${told.length + 1}`
        const inbox = control === 'inbox' ? 'none' : 'sqlite'
        const acks = control === 'acks' ? 'none' : 'all'
        const run = { cluster, app, faults: [fault], directory, seed: seed + round, note, inbox, acks } as const
        told.push(tell(fault, await runChaos(run), directory, keep !== undefined))
      }
      if (forMs === undefined || machineTime() - started >= forMs) break
    }
  } finally {
    await cluster.stop()
  }
  console.log(json ? JSON.stringify({ seed, control, runs: told.map(summaryOf) }, null, 2) : table(told))
  const broken = told.filter(({ verdict }) => verdict.violations.length > 0)
  if (broken.length === 0 && keep === undefined) rmSync(folder, { recursive: true, force: true })
  return control === undefined ? Number(broken.length > 0) : Number(broken.length < told.length)
}

function tell(fault: Fault, verdict: Verdict, directory: string, keep: boolean): Told {
  const isGood = verdict.violations.length === 0
  if (!isGood) for (const line of storyOf(verdict)) note(line)
  note(isGood ? `${fault.name}: no promise was broken` : `${fault.name}: the history is in ${directory}`)
  if (isGood && !keep) rmSync(directory, { recursive: true, force: true })
  return { fault: fault.name, verdict, directory: isGood && !keep ? undefined : directory }
}

function note(text: string): void {
  const seconds = ((machineTime() - started) / 1_000).toFixed(0).padStart(4)
  process.stderr.write(`${seconds} s  ${text}\n`)
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new RangeError(`${name} is "${text}"; give a whole number from 1 on.`)
}

function milliseconds(name: string, text: string): number {
  const [, number, unit] = /^(\d+)(ms|s|m)$/.exec(text.trim()) ?? []
  if (unit === undefined) throw new RangeError(`${name} is "${text}"; give a duration such as 90s or 10m.`)
  return Number(number) * { ms: 1, s: 1_000, m: 60_000 }[unit as 'ms' | 's' | 'm']
}

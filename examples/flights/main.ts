/**
 * `npm run example -- flights`: real records through the log, checked against the file. Exits 0 when every check passes, else 1.
 *
 * Order is promised within a stream, a lane and a key. The lane goes by each flight's delay, so a late flight may overtake an earlier one
 * of its airport that is on time; "order by airport and lane" is the promise itself, as handled. "order by airport" is what a reader gets
 * who needs the airport as a whole: the lanes put together again by the number each event carries.
 * @module
 */
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { optionsOf, UsageWrong, usage, type Options } from './arguments.ts'
import { checkAll } from './checks.ts'
import { readFlights, type Flight } from './records.ts'
import { printJson, printReport } from './report.ts'
import { runFlights } from './run.ts'

process.exitCode = await main(process.argv.slice(2))

/** Resolves to the exit code. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = optionsOf(args)
    if (!options.help) return (await fly(options)) ? 0 : 1
    console.log(usage)
    return 0
  } catch (error) {
    if (!(error instanceof UsageWrong)) throw error
    if (args.includes('--json')) console.log(JSON.stringify({ error: { code: 'USAGE', message: error.message } }))
    console.error(`${error.message}\n${usage}`)
    return 2
  }
}

/** Resolves to whether every check has passed. */
async function fly({ limit, json, how }: Options): Promise<boolean> {
  const flights = await readFlights(limit)
  const published = tampered(
    flights.map((flight, place) => ({ flight, place })),
    how,
  )
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-flights-'))
  // Also when it is left half-way.
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  const result = await runFlights({ flights, published, directory, settleMs: 60_000 })
  const checks = checkAll(result)
  if (json) printJson(result, checks)
  else printReport(result, checks)
  return checks.every((check) => check.passed)
}

type Placed = { readonly flight: Flight; readonly place: number }

function tampered(records: readonly Placed[], how: Options['how']): readonly Placed[] {
  if (how === undefined) return records
  const [first, ...rest] = records
  if (how === 'loss') return rest
  if (how === 'twice') return [...records, first!]
  // The first record changes places with the next of its airport and lane: the last one is sure to be later.
  const other = rest.findLast(({ flight }) => flight.origin === first!.flight.origin)
  if (other === undefined) throw new UsageWrong('--break order needs two records of one airport: raise --limit.')
  return records.map((record) => (record === first ? other : record === other ? first! : record))
}

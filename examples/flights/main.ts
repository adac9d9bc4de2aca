/**
 * `npm run example -- flights`: real records through the log, checked against the file. Exits 0 when every check passes, else 1.
 *
 * Order is promised within a stream, a lane and a key. The lane goes by each flight's delay, so a late flight may overtake an earlier one
 * of its airport that is on time; "order by airport and lane" is the promise itself, as handled. "order by airport" is what a reader gets
 * who needs the airport as a whole: the lanes put together again by the number each event carries.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkAll } from './checks.ts'
import { readFlights, type Flight } from './records.ts'
import { printJson, printReport } from './report.ts'
import { runFlights } from './run.ts'

const usage = `npm run example -- flights [--limit n] [--json] [--break order|loss|twice]
  --limit n   only the first n records
  --json      the result as one JSON object
  --break …   publish something else than the file says, to see the checks fail`

const { values } = parseArgs({
  options: {
    limit: { type: 'string', default: '20000' },
    json: { type: 'boolean', default: false },
    break: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (values.help) console.log(usage)
else process.exitCode = (await main()) ? 0 : 1

async function main(): Promise<boolean> {
  const flights = await readFlights(Number(values.limit))
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-flights-'))
  try {
    const published = tampered(
      flights.map((flight, place) => ({ flight, place })),
      values.break,
    )
    const result = await runFlights({ flights, published, directory, settleMs: 60_000 })
    const checks = checkAll(result)
    if (values.json) printJson(result, checks)
    else printReport(result, checks)
    return checks.every((check) => check.passed)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

type Placed = { readonly flight: Flight; readonly place: number }

function tampered(records: readonly Placed[], how: string | undefined): readonly Placed[] {
  if (how === undefined) return records
  const [first, ...rest] = records
  if (how === 'loss') return rest
  if (how === 'twice') return [...records, first!]
  if (how !== 'order') throw new Error(`--break cannot be "${how}".\n${usage}`)
  // The first record changes places with the next of its airport and lane: the last one is sure to be later.
  const other = rest.findLast(({ flight }) => flight.origin === first!.flight.origin)!
  return records.map((record) => (record === first ? other : record === other ? first! : record))
}

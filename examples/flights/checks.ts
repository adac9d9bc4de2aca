/**
 * The checks: what the handlers wrote down against the file itself.
 * @module
 */
import type { Flight } from './records.ts'
import { append, Tally, type Statistics, type Timeline, type Totals } from './statistics.ts'
import { laneOf } from './veltrix.config.ts'

export interface Check {
  readonly name: string
  readonly passed: boolean
  readonly says: string
}

export interface Evidence {
  readonly flights: readonly Flight[]
  readonly published: number
  readonly statistics: Statistics
  readonly timeline: Timeline
  readonly deadLetters: number
}

export function checkAll({ flights, published, statistics, timeline, deadLetters }: Evidence): Check[] {
  return [
    check('published', published === flights.length, `${published} of ${flights.length} records acknowledged`),
    handledOnce(flights, statistics),
    check('content', statistics.altered === 0, `${statistics.altered} records came out different from the file`),
    order('order by airport and lane', expectedByLane(flights), statistics.handled),
    order('order by airport', expectedByAirport(flights), timeline.written),
    totals(flights, statistics),
    check('dead letters', deadLetters === 0, `${deadLetters}`),
  ]
}

function handledOnce(flights: readonly Flight[], { times }: Statistics): Check {
  const missing = flights.filter((_, place) => !times.has(place)).length
  const repeated = [...times.values()].filter((count) => count > 1).length
  const unknown = [...times.keys()].filter((place) => !(place in flights)).length
  const says = `${times.size} handled, ${missing} missing, ${repeated} more than once, ${unknown} unknown`
  return check('handled once', missing + repeated + unknown === 0 && times.size === flights.length, says)
}

/** Whether the lists under every name are equal, element by element. */
function order(name: string, expected: Map<string, number[]>, found: Map<string, number[]>): Check {
  const names = new Set([...expected.keys(), ...found.keys()])
  const wrong = [...names].filter((key) => !sameList(expected.get(key), found.get(key)))
  const example = wrong.length > 0 ? `, first ${wrong[0]}` : ''
  return check(name, wrong.length === 0, `${names.size - wrong.length} of ${names.size} as in the file${example}`)
}

function sameList(a: readonly number[] = [], b: readonly number[] = []): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}

function expectedByLane(flights: readonly Flight[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const [place, flight] of flights.entries()) append(places, `${flight.origin} ${laneOf(flight.delay)}`, place)
  return places
}

function expectedByAirport(flights: readonly Flight[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const [place, flight] of flights.entries()) append(places, flight.origin, place)
  return places
}

function totals(flights: readonly Flight[], { tally }: Statistics): Check {
  const direct = new Tally()
  for (const flight of flights) direct.add(flight)
  const airports = new Set([...direct.byAirport.keys(), ...tally.byAirport.keys()])
  const wrong = [...airports].filter(
    (airport) => !sameTotals(direct.byAirport.get(airport), tally.byAirport.get(airport)),
  )
  return check(
    'totals by airport',
    wrong.length === 0,
    `${airports.size - wrong.length} of ${airports.size} airports equal a direct count`,
  )
}

function sameTotals(a: Totals | undefined, b: Totals | undefined): boolean {
  return a?.flights === b?.flights && a?.delayMinutes === b?.delayMinutes && a?.miles === b?.miles
}

function check(name: string, passed: boolean, says: string): Check {
  return { name, passed, says }
}

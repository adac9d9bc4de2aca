/**
 * What the example prints.
 * @module
 */
import type { Check } from './checks.ts'
import type { RunResult } from './run.ts'
import type { Totals } from './statistics.ts'

const shownAirports = 12

export function printReport(result: RunResult, checks: readonly Check[]): void {
  const airports = byFlights(result)
  const rows = airports.slice(0, shownAirports).map(([airport, totals]) => row(airport, totals))
  const all = airports.reduce(
    (sum, [, totals]) => ({
      flights: sum.flights + totals.flights,
      delayMinutes: sum.delayMinutes + totals.delayMinutes,
      miles: sum.miles + totals.miles,
    }),
    { flights: 0, delayMinutes: 0, miles: 0 },
  )
  const lines = [
    ['AIRPORT', 'FLIGHTS', 'MINUTES LATE', 'MILES'],
    ...rows,
    ...(airports.length > shownAirports ? [[`${airports.length - shownAirports} more`, '', '', '']] : []),
    row('all', all),
  ]
  for (const line of lines) {
    const [name = '', ...numbers] = line
    console.log(`${name.padEnd(10)}${numbers.map((cell, index) => cell.padStart([8, 14, 12][index]!)).join('')}`)
  }
  console.log(
    `\npublished in ${seconds(result.publishMs)} s, handled by two subscriptions in ${seconds(result.handleMs)} s`,
  )
  console.log(
    `${result.statistics.overtakings.toLocaleString('en')} flights overtook an earlier one of their airport in a less urgent lane\n`,
  )
  for (const { name, passed, says } of checks) console.log(`${passed ? 'ok    ' : 'FAILED'} ${name}: ${says}`)
}

export function printJson(result: RunResult, checks: readonly Check[]): void {
  console.log(
    JSON.stringify({
      records: result.flights.length,
      published: result.published,
      handled: result.statistics.times.size,
      airports: result.statistics.tally.byAirport.size,
      overtakings: result.statistics.overtakings,
      publishMs: Math.round(result.publishMs),
      handleMs: Math.round(result.handleMs),
      checks: Object.fromEntries(checks.map(({ name, passed, says }) => [name, { passed, says }])),
      passed: checks.every((check) => check.passed),
    }),
  )
}

function byFlights({ statistics }: RunResult): [string, Totals][] {
  return [...statistics.tally.byAirport].sort(([a, x], [b, y]) => y.flights - x.flights || (a < b ? -1 : 1))
}

function row(name: string, { flights, delayMinutes, miles }: Totals): string[] {
  return [name, ...[flights, delayMinutes, miles].map((value) => value.toLocaleString('en'))]
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2)
}

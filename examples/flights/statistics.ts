/**
 * What the handlers write down. Records are told apart by their place in the file.
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { Flight } from './records.ts'

export interface Totals {
  flights: number
  /** Minutes of all delays above 0. */
  delayMinutes: number
  miles: number
}

/** Totals by airport. */
export class Tally {
  readonly byAirport = new Map<string, Totals>()

  add({ origin, delay, distance }: Flight): void {
    let totals = this.byAirport.get(origin)
    if (totals === undefined) this.byAirport.set(origin, (totals = { flights: 0, delayMinutes: 0, miles: 0 }))
    totals.flights++
    totals.delayMinutes += Math.max(0, delay)
    totals.miles += distance
  }
}

/** What the subscription `statistics` saw. */
export class Statistics {
  readonly tally = new Tally()
  /** How often each record was handled, by its place in the file. */
  readonly times = new Map<number, number>()
  /** Places in the order in which they were handled, by airport and lane. */
  readonly handled = new Map<string, number[]>()
  /** Records whose content was not that of the file. */
  altered = 0
  /** Flights that were handled before an earlier one of their airport: what lanes are for. */
  overtakings = 0
  readonly #flights: readonly Flight[]
  readonly #latest = new Map<string, number>()

  /** @param flights the file, to compare with */
  constructor(flights: readonly Flight[]) {
    this.#flights = flights
  }

  handle(flight: Flight, place: number, lane: string): void {
    if (!isDeepStrictEqual({ ...flight }, { ...this.#flights[place] })) this.altered++
    this.tally.add(flight)
    this.times.set(place, (this.times.get(place) ?? 0) + 1)
    append(this.handled, `${flight.origin} ${lane}`, place)
    const latest = this.#latest.get(flight.origin) ?? -1
    if (place < latest) this.overtakings++
    this.#latest.set(flight.origin, Math.max(latest, place))
  }
}

/**
 * What the subscription `timeline` writes: the flights of each airport one after the other, over all lanes. A flight that comes early is
 * held until those before it are there (its event carries its number within the airport).
 */
export class Timeline {
  /** Places in the file, by airport. */
  readonly written = new Map<string, number[]>()
  readonly #early = new Map<string, Map<number, number>>()

  handle(airport: string, sequence: number, place: number): void {
    const written = this.written.get(airport)?.length ?? 0
    // A number that was written already is a repeated event.
    if (sequence < written) return
    let early = this.#early.get(airport)
    if (early === undefined) this.#early.set(airport, (early = new Map()))
    early.set(sequence, place)
    for (let next = written; early.has(next); next++) {
      append(this.written, airport, early.get(next)!)
      early.delete(next)
    }
  }
}

export function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

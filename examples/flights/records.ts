/**
 * The file: 20,000 real flights of 2001, from the package vega-datasets.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { flightDeparted } from './veltrix.config.ts'

export type Flight = z.infer<typeof flightDeparted>

/** The first `limit` records, in the order of the file. */
export async function readFlights(limit: number): Promise<readonly Flight[]> {
  const file = new URL('../data/flights-20k.json', import.meta.resolve('vega-datasets'))
  const records = JSON.parse(await readFile(fileURLToPath(file), 'utf8')) as unknown
  return z.array(flightDeparted).parse(records).slice(0, limit)
}

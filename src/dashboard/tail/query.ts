/**
 * What a viewer wants to see of the log: the query of `GET /api/tail`.
 * @module
 */
import type { CompiledConfig } from '../../config/index.ts'
import { DashboardRefused } from '../errors.ts'
import { filterOf, type Filter } from './filter.ts'

export interface Wanted {
  readonly stream: string | undefined
  readonly lane: string | undefined
  readonly type: string | undefined
  readonly key: string | undefined
  /** Undefined: none. */
  readonly filter: Filter | undefined
  /** Begin with so many of the last. */
  readonly last: number
}

const known = ['stream', 'lane', 'type', 'key', 'filter', 'last']
const maxLast = 1_000

/** @throws DashboardRefused */
export function wantedOf(query: unknown, config: CompiledConfig, monotonic: () => number): Wanted {
  const given = query as Readonly<Record<string, string | string[] | undefined>>
  for (const name of Object.keys(given)) {
    if (!known.includes(name))
      throw invalid(`there is no parameter ${JSON.stringify(name)}; known are ${known.join(', ')}`)
  }
  const texts = [given['filter'] ?? []].flat().filter((text) => text.trim() !== '')
  return {
    stream: oneOf('stream', given, [...config.streams.keys()]),
    lane: oneOf(
      'lane',
      given,
      config.lanes.map(({ name }) => name),
    ),
    type: single('type', given),
    key: single('key', given),
    filter: texts.length === 0 ? undefined : filterOf(texts, monotonic),
    last: lastOf(single('last', given)),
  }
}

function single(name: string, given: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const value = given[name]
  if (Array.isArray(value)) throw invalid(`${name} is there more than once`)
  return value === '' ? undefined : value
}

function oneOf(
  name: string,
  given: Readonly<Record<string, string | string[] | undefined>>,
  all: readonly string[],
): string | undefined {
  const value = single(name, given)
  if (value === undefined || all.includes(value)) return value
  throw invalid(`there is no ${name} ${JSON.stringify(value)}; there are ${all.join(', ')}`)
}

function lastOf(text: string | undefined): number {
  const last = text === undefined ? 100 : Number(text)
  if (Number.isSafeInteger(last) && last >= 0 && last <= maxLast) return last
  throw invalid(`last must be a whole number from 0 to ${maxLast}`)
}

function invalid(problem: string): DashboardRefused {
  return new DashboardRefused('query-invalid', `In the query ${problem}.`)
}

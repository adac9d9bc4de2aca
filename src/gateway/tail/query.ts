/**
 * What a reader wants to see: `GET /tail?type=order.*&lane=critical`.
 * @module
 */
import type { CompiledConfig } from '../../config/index.ts'
import { quoted } from '../../event/index.ts'
import { RequestRefused } from '../errors.ts'

/** A topic of a stream. */
export interface Place {
  readonly topic: string
  readonly stream: string
  readonly lane: string
}

export interface Wanted {
  /** Where it can be. */
  readonly places: readonly Place[]
  /** Undefined: every record, whatever it is. */
  readonly isWanted: ((type: string) => boolean) | undefined
}

const parameters = ['type', 'lane'] as const

/**
 * @param query parameters by name, as text or, where one is repeated, as texts
 * @throws RequestRefused
 */
export function wantedBy(query: unknown, config: CompiledConfig): Wanted {
  const given = new Map(Object.entries(query as Record<string, string | string[]>))
  for (const name of given.keys()) {
    if (parameters.some((known) => known === name)) continue
    throw invalid(`There is no parameter ${quoted(name)}; known are type and lane.`)
  }
  const patterns = textsOf(given.get('type'))
  const lanes = lanesOf(textsOf(given.get('lane')), config)
  const isWanted = patterns.length === 0 ? undefined : anyOf(patterns.map((pattern) => matcherOf(pattern, config)))
  const streams = new Set(
    [...config.events.values()].filter(({ type }) => isWanted?.(type) ?? true).map(({ stream }) => stream),
  )
  const places = [...config.streams.values()]
    .filter(({ name }) => streams.has(name))
    .flatMap(({ name, topics }) =>
      [...topics].filter(([lane]) => lanes.has(lane)).map(([lane, topic]) => ({ topic, stream: name, lane })),
    )
  return { places, isWanted }
}

function textsOf(given: string | string[] | undefined): readonly string[] {
  return given === undefined ? [] : [given].flat()
}

function lanesOf(given: readonly string[], config: CompiledConfig): ReadonlySet<string> {
  const known = config.lanes.map(({ name }) => name)
  for (const lane of given) {
    if (!known.includes(lane)) throw invalid(`There is no lane ${quoted(lane)}; there are ${known.join(', ')}.`)
  }
  return new Set(given.length === 0 ? known : given)
}

/** A type, `order.*` for whatever begins with `order.`, or `*`. */
function matcherOf(pattern: string, config: CompiledConfig): (type: string) => boolean {
  if (!/^(?:[^*]*\.)?\*$|^[^*]+$/.test(pattern)) {
    throw invalid(`The type ${quoted(pattern)} is no pattern: * stands alone or after a last dot, as in "order.*".`)
  }
  const begin = pattern.slice(0, -1)
  const matches = pattern.endsWith('*')
    ? (type: string): boolean => type.startsWith(begin)
    : (type: string): boolean => type === pattern
  if ([...config.events.keys()].some(matches)) return matches
  throw new RequestRefused('event-type-unknown', `No stream declares a type of events that is ${quoted(pattern)}.`)
}

function anyOf(matchers: readonly ((type: string) => boolean)[]): (type: string) => boolean {
  return (type) => matchers.some((matches) => matches(type))
}

function invalid(detail: string): RequestRefused {
  return new RequestRefused('query-invalid', detail)
}

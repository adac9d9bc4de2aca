/**
 * Streams and their events.
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { nonEmptyTextProblem } from '../event/index.ts'
import type { CompiledEvent, CompiledLane, CompiledStream, CompiledTopicSettings } from './compiled.ts'
import { keyOf, type KeyDefinition } from './key.ts'
import { checkEntryName, topicName } from './names.ts'
import { joined, meant, shown, type Section } from './section.ts'
import { dayMs, forever } from './limits.ts'
import { compileTopicSettings, topicOptions } from './topics.ts'

const options = [
  'key', 'partitions', 'retention', 'retentionSize', 'compaction', 'topicVersion', 'foreign', 'events', ...topicOptions,
] // prettier-ignore

export interface CompiledStreams {
  readonly streams: ReadonlyMap<string, CompiledStream>
  readonly events: ReadonlyMap<string, CompiledEvent>
}

export function compileStreams(
  root: Section,
  app: string,
  lanes: readonly CompiledLane[],
  topicDefaults: CompiledTopicSettings,
): CompiledStreams {
  const given = root.section('streams')
  const streams = new Map<string, CompiledStream>()
  const events = new Map<string, CompiledEvent>()
  for (const [name] of given.entries()) {
    if (!checkEntryName(name, given.path, given.problems)) continue
    const stream = given.section(name, options)
    const topicVersion = stream.integer('topicVersion', { default: 1, min: 1, max: 1000 })
    streams.set(name, {
      name,
      partitions: stream.integer('partitions', { default: 12, min: 1, max: 1000 }),
      retentionMs: stream.duration('retention', { default: 7 * dayMs, min: 1000, max: forever }, 'forever'),
      retentionBytes: stream.size('retentionSize', { default: Infinity, min: 1024, max: 2 ** 50 }, 'unlimited'),
      compaction: stream.boolean('compaction', false),
      settings: compileTopicSettings(stream, topicDefaults),
      topicVersion,
      adopt: adoptOf(stream),
      topics: new Map(lanes.map((lane) => [lane.name, topicName(app, name, lane.name, topicVersion)])),
    })
    compileEvents(stream, name, lanes, events)
  }
  if (streams.size === 0) root.wrong('streams', 'names no stream; declare at least one with its events')
  return { streams, events }
}

function adoptOf(stream: Section): string | undefined {
  const given = stream.get('foreign')
  if (given === undefined || given === 'dead-letter') return undefined
  if (typeof given !== 'object') {
    stream.wrong('foreign', `${shown(given)} is neither "dead-letter" nor { adopt: type }`)
    return undefined
  }
  const foreign = stream.section('foreign', ['adopt'])
  const type = foreign.get('adopt')
  const types = [...stream.section('events').entries()].map(([name]) => name)
  if (typeof type === 'string' && types.includes(type)) return type
  foreign.wrong('adopt', `${shown(type)} is no event of this stream${meant(type, types)}`)
  return undefined
}

function compileEvents(
  stream: Section,
  streamName: string,
  lanes: readonly CompiledLane[],
  events: Map<string, CompiledEvent>,
): void {
  const given = stream.section('events')
  const streamKey = keyDefinition(stream)
  let count = 0
  for (const [type, value] of given.entries()) {
    count++
    const problem = nonEmptyTextProblem(type)
    if (problem !== undefined) given.wrong(type, `the event type ${problem}`)
    const other = events.get(type)
    if (other) {
      given.wrong(type, `is declared in the stream "${other.stream}" already; an event type belongs to one stream`)
    }
    if (isSchema(value)) {
      given.wrong(type, 'is a schema; wrap it: event(schema)')
      continue
    }
    const event = given.section(type, ['schema', 'lane', 'key', 'secret', 'pii'])
    events.set(type, compileEvent(event, { type, stream: streamName, streamKey, lanes }))
  }
  if (count === 0) stream.wrong('events', 'names no event; declare at least one as "order.placed": event(schema)')
}

interface Surroundings {
  readonly type: string
  readonly stream: string
  readonly streamKey: KeyDefinition | undefined
  readonly lanes: readonly CompiledLane[]
}

function compileEvent(event: Section, { type, stream, streamKey, lanes }: Surroundings): CompiledEvent {
  const key = keyDefinition(event) ?? streamKey
  if (key === undefined && !event.has('key')) {
    event.problems.add(
      event.path,
      'has no key, by which order is kept: give the stream or the event one, as `key: "orderId"` or `key: (data) => …`',
    )
  }
  return {
    type,
    stream,
    lane: laneOf(event, lanes),
    schema: schemaOf(event),
    key: keyOf(type, key ?? ''),
    keyField: typeof key === 'string' ? key : undefined,
    secret: [...new Set([...pathsOf(event, 'secret'), ...pathsOf(event, 'pii')])],
  }
}

function keyDefinition(section: Section): KeyDefinition | undefined {
  const key = section.get('key')
  if (key === undefined || typeof key === 'function') return key as KeyDefinition | undefined
  if (typeof key === 'string' && key !== '') return key
  section.wrong('key', `${shown(key)} is neither the name of a field nor a function of the payload`)
  return undefined
}

function laneOf(event: Section, lanes: readonly CompiledLane[]): string {
  const names = lanes.map((lane) => lane.name)
  const lane = event.get('lane')
  if (lane === undefined) {
    const usual = names.includes('standard') ? 'standard' : names.length === 1 ? names[0] : undefined
    if (usual === undefined && names.length > 0) {
      event.problems.add(
        joined(event.path, 'lane'),
        `is missing, and there is no lane "standard" to fall back to${meant(undefined, names)}`,
      )
    }
    return usual ?? ''
  }
  if (typeof lane === 'string' && names.includes(lane)) return lane
  event.wrong('lane', `there is no lane ${shown(lane)}${meant(lane, names)}`)
  return ''
}

/** Takes the place of a schema that is wrong, so that the rest can be looked at; never used. */
const noSchema: StandardSchemaV1 = {
  '~standard': { version: 1, vendor: 'veltrix', validate: (value) => ({ value }) },
}

function schemaOf(event: Section): StandardSchemaV1 {
  const schema = event.get('schema')
  if (isSchema(schema)) return schema
  event.wrong(
    'schema',
    `${shown(schema)} is not a Standard Schema v1: use one of zod (3.24 or later), valibot, arktype or another library that implements it`,
  )
  return noSchema
}

function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  try {
    const standard = (value as { '~standard'?: { version?: unknown; validate?: unknown } })['~standard']
    return standard?.version === 1 && typeof standard.validate === 'function'
  } catch {
    return false
  }
}

function pathsOf(event: Section, field: 'secret' | 'pii'): readonly string[] {
  const paths = event.list(field) ?? []
  paths.forEach((path, index) => {
    if (typeof path === 'string' && /^[^.]+(?:\.[^.]+)*$/.test(path)) return
    event.problems.add(`${joined(event.path, field)}[${index}]`, `${shown(path)} is not a path such as "card.number"`)
  })
  return paths.filter((path) => typeof path === 'string')
}

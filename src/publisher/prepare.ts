/**
 * From what a caller hands in to an event that can be encoded: type known, payload checked, key taken, lane chosen.
 * @module
 */
import type { PublishCall } from '../channels.ts'
import type { Clock } from '../clock.ts'
import type { CompiledConfig, CompiledEvent, PublishOptions } from '../config/index.ts'
import {
  EventIds,
  EventInvalid,
  EventUnknownType,
  nearestName,
  noExtensions,
  quoted,
  timeText,
  validatePayload,
  type EventIssue,
  type VeltrixEvent,
} from '../event/index.ts'
import { beginPublish, traced, type Origin } from './calls.ts'
import type { Destination, Partition } from './entry.ts'

/** An event ready to be encoded. */
export interface Prepared {
  readonly event: VeltrixEvent
  readonly destination: Destination
  /** Whether the caller gave the id, which makes the publish idempotent. */
  readonly idGiven: boolean
  /** What subscribers were told of it, to be told again at its end; undefined when nobody listens. */
  readonly call: PublishCall | undefined
}

interface Route {
  readonly definition: CompiledEvent
  readonly usual: Destination
  readonly byLane: ReadonlyMap<string, Destination>
}

const optionNames: ReadonlySet<string> = new Set<keyof PublishOptions>([
  'lane', 'id', 'source', 'key', 'time', 'subject', 'extensions', 'signal',
]) // prettier-ignore

export class Preparer {
  readonly #source: string
  readonly #clock: Clock
  readonly #transport: string
  readonly #ids: EventIds
  readonly #routes = new Map<string, Route>()
  /** By stream: the end of the queue of events whose schema checks asynchronously. */
  readonly #behind = new Map<string, Promise<void>>()

  /** @param transport its name, for those who listen */
  constructor(config: CompiledConfig, clock: Clock, transport: string) {
    this.#source = config.source
    this.#clock = clock
    this.#transport = transport
    this.#ids = new EventIds(clock)
    const destinations = destinationsOf(config)
    for (const [type, definition] of config.events) {
      const byLane = destinations.get(definition.stream)!
      this.#routes.set(type, { definition, byLane, usual: byLane.get(definition.lane)! })
    }
  }

  /**
   * A promise only where the event's schema is asynchronous, or one published before it in the same stream is still being checked:
   * publish order is the order of the calls.
   * @throws EventUnknownType, EventInvalid (a promise rejects with them)
   */
  prepare(
    type: string,
    data: unknown,
    options: PublishOptions | undefined,
    origin: Origin,
  ): Prepared | Promise<Prepared> {
    const route = this.#routes.get(type)
    if (!route) throw new EventUnknownType(type, this.#routes.keys())
    if (options !== undefined) checkOptions(type, options, route)
    const { stream } = route.definition
    const output = validatePayload(route.definition.schema, data, type)
    const ahead = this.#behind.get(stream)
    const isLater = output instanceof Promise
    if (!isLater && !ahead) return this.#prepared(route, output, options, origin)
    return this.#inTurn(stream, ahead, output, (value) => this.#prepared(route, value, options, origin))
  }

  async #inTurn(
    stream: string,
    ahead: Promise<void> | undefined,
    output: unknown,
    finish: (value: unknown) => Prepared,
  ): Promise<Prepared> {
    const { promise: turn, resolve: end } = Promise.withResolvers<void>()
    this.#behind.set(stream, turn)
    try {
      return finish(await output)
    } finally {
      await ahead
      if (this.#behind.get(stream) === turn) this.#behind.delete(stream)
      end()
    }
  }

  #prepared(route: Route, data: unknown, options: PublishOptions | undefined, origin: Origin): Prepared {
    const { definition, usual } = route
    const destination = options?.lane === undefined ? usual : route.byLane.get(options.lane)!
    const event = this.#event(definition, data, options)
    const call = beginPublish(this.#transport, event, destination, origin)
    return { event: traced(event, call, origin.cause), destination, idGiven: options?.id !== undefined, call }
  }

  #event(definition: CompiledEvent, data: unknown, options: PublishOptions | undefined): VeltrixEvent {
    return {
      id: options?.id ?? this.#ids.next(),
      source: options?.source ?? this.#source,
      type: definition.type,
      time: timeOf(options?.time) ?? timeText(this.#clock),
      subject: options?.subject,
      key: options?.key ?? definition.key(data),
      data,
      extensions: options?.extensions ?? noExtensions,
    }
  }
}

/** By stream and lane. */
function destinationsOf(config: CompiledConfig): Map<string, Map<string, Destination>> {
  const byStream = new Map<string, Map<string, Destination>>()
  for (const stream of config.streams.values()) {
    const byLane = new Map<string, Destination>()
    for (const lane of config.lanes) {
      const topic = stream.topics.get(lane.name)!
      const partitions = Array.from({ length: stream.partitions }, (_, partition): Partition => ({
        topic,
        partition,
        held: undefined,
        failures: 0,
      }))
      byLane.set(lane.name, { stream: stream.name, lane: lane.name, laneIndex: lane.index, topic, partitions })
    }
    byStream.set(stream.name, byLane)
  }
  return byStream
}

function checkOptions(type: string, options: unknown, route: Route): asserts options is PublishOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new EventInvalid(type, [{ path: 'options', message: 'must be an object' }])
  }
  const issues: EventIssue[] = []
  for (const name of Object.keys(options)) {
    if (!optionNames.has(name))
      issues.push({ path: name, message: `is not an option of publish${near(name, optionNames)}` })
  }
  const { lane, time, signal } = options as Record<keyof PublishOptions, unknown>
  if (lane !== undefined && !route.byLane.has(lane as string)) {
    const lanes = [...route.byLane.keys()]
    issues.push({
      path: 'lane',
      message: `there is no lane ${quoted(lane)}${near(lane, lanes)}; lanes: ${lanes.join(', ')}`,
    })
  }
  if (time instanceof Date && Number.isNaN(time.getTime())) issues.push({ path: 'time', message: 'is an invalid Date' })
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    issues.push({ path: 'signal', message: 'must be an AbortSignal' })
  }
  if (issues.length > 0) throw new EventInvalid(type, issues)
}

function near(name: unknown, names: Iterable<string>): string {
  const found = typeof name === 'string' ? nearestName(name, names) : undefined
  return found ? ` (did you mean ${quoted(found)}?)` : ''
}

function timeOf(time: string | Date | undefined): string | undefined {
  return time instanceof Date ? time.toISOString() : time
}

/**
 * Server-sent events (HTML Living Standard, 9.2) of what lies on the log.
 * @module
 */
import { masked, type CompiledConfig } from '../../config/index.ts'
import { decodeEvent, type VeltrixEvent } from '../../event/index.ts'
import type { Placed } from '../../tail/index.ts'
import type { Problem } from '../problems.ts'

/** Keeps the connection alive, and shows that it is. */
export const heartbeat = Buffer.from(':\n\n')

export interface Told {
  /** Undefined when the record is no event that can be read. */
  readonly event: Pick<VeltrixEvent, 'type' | 'source'> | undefined
  readonly bytes: Buffer
}

/** A record, its position being the `id`; what the typed file calls secret is masked. */
export function toldOf(placed: Placed, config: Pick<CompiledConfig, 'events'>): Told {
  const { topic, partition } = placed.from
  const { offset } = placed.record
  let event: VeltrixEvent
  try {
    event = decodeEvent(placed.record)
  } catch (error) {
    const data = { topic, partition, offset, problem: (error as Error).message }
    return { event: undefined, bytes: bytesOf('unreadable', data) }
  }
  const { type, source } = event
  return { event: { type, source }, bytes: bytesOf(type, structured(event, config), `${topic}/${partition}@${offset}`) }
}

/** Events that the reader was too slow for. */
export function droppedBytes(count: number): Buffer {
  return bytesOf('dropped', { count })
}

/** The log cannot be read: nothing more comes. */
export function failedBytes(problem: Problem): Buffer {
  return bytesOf('failed', problem)
}

/** CloudEvents 1.0 in JSON; the key is the partitioning extension's attribute. */
function structured(event: VeltrixEvent, config: Pick<CompiledConfig, 'events'>): object {
  const { id, source, type, time, subject, key, extensions } = event
  return {
    specversion: '1.0',
    id,
    source,
    type,
    time,
    ...(subject === undefined ? {} : { subject }),
    datacontenttype: 'application/json',
    partitionkey: key,
    ...extensions,
    data: masked(event.data, type, config),
  }
}

/** JSON has no line breaks of its own, and the type of an event that can be read has none either. */
function bytesOf(name: string, data: unknown, id?: string): Buffer {
  return Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}

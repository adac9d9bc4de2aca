/**
 * What subscribers are told of a publish as it begins and ends, and the trace that goes on its event.
 * @module
 */
import { channelOf, type PublishCall, type PublishManyCall, type TraceExtensions } from '../channels.ts'
import type { PublishOutcome } from '../config/index.ts'
import { noExtensions, type VeltrixEvent } from '../event/index.ts'
import type { Destination, Stored } from './entry.ts'

const begin = channelOf('veltrix:publisher:begin')
const end = channelOf('veltrix:publisher:end')
const beginMany = channelOf('veltrix:publisher:beginMany')
const endMany = channelOf('veltrix:publisher:endMany')

/** Where an event comes from. */
export interface Origin {
  readonly how: PublishCall['how']
  readonly many?: PublishManyCall
  /** The event in whose handler it is published: its trace goes on. */
  readonly cause?: VeltrixEvent
}

/** Undefined when nobody listens. */
export function beginPublish(
  transport: string,
  event: VeltrixEvent,
  { lane, stream, topic }: Destination,
  { how, many, cause }: Origin,
): PublishCall | undefined {
  if (!begin.hasSubscribers) return undefined
  const call: PublishCall = { transport, event, lane, stream, topic, how, many, cause }
  begin.publish(call)
  return call
}

export function publishStored(call: PublishCall, { partition, offset, duplicate }: Stored): void {
  call.place = { partition, offset, duplicate }
  end.publish(call)
}

export function publishFailed(call: PublishCall, error: unknown): void {
  call.error = error
  end.publish(call)
}

/** Undefined when nobody listens. */
export function beginPublishMany(transport: string, events: number): PublishManyCall | undefined {
  if (!beginMany.hasSubscribers) return undefined
  const call: PublishManyCall = { transport, events }
  beginMany.publish(call)
  return call
}

export function endPublishMany(call: PublishManyCall, outcomes: readonly PublishOutcome[]): void {
  const failed = outcomes.filter((outcome) => !outcome.ok)
  call.failed = failed.length
  if (failed.length > 0) call.error = failed[0]!.error
  endMany.publish(call)
}

/** The event with a trace, where it has none of its own: what a subscriber put on, or its cause's. */
export function traced(
  event: VeltrixEvent,
  call: PublishCall | undefined,
  cause: VeltrixEvent | undefined,
): VeltrixEvent {
  const trace = call?.trace ?? (cause && traceOf(cause))
  // What is no object of extensions is refused when it is encoded.
  if (trace === undefined || typeof event.extensions !== 'object' || event.extensions === null) return event
  if (Array.isArray(event.extensions) || event.extensions['traceparent'] !== undefined) return event
  // Mostly there is nothing else, and every event pays for a copy.
  const extensions = event.extensions === noExtensions ? { ...trace } : { ...event.extensions, ...trace }
  return { ...event, extensions }
}

function traceOf({ extensions: { traceparent, tracestate } }: VeltrixEvent): TraceExtensions | undefined {
  if (traceparent === undefined) return undefined
  return { traceparent, ...(tracestate === undefined ? {} : { tracestate }) }
}

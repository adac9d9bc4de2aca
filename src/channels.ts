/**
 * What happens inside, told on `node:diagnostics_channel`. Rooms publish here and import no telemetry;
 * the CLI's live view, telemetry and tests subscribe. With no subscriber a publish costs one check.
 * @module
 */
import { channel, type Channel } from 'node:diagnostics_channel'

/** Payload of every channel, by name. Times are milliseconds. */
export interface ChannelMessages {
  /** Events acknowledged by the log. */
  'veltrix:publisher:acked': { lane: string; stream: string; events: number; bytes: number; durationMs: number }
  /** Events that failed, or whose fate is unknown. */
  'veltrix:publisher:failed': {
    lane: string
    stream: string
    events: number
    /** Since it got room. */
    durationMs: number
    error: Error
  }
  /** One append request: how many events coalesced into it. */
  'veltrix:publisher:batch': { events: number; bytes: number; durationMs: number }
  /** An attempt begins. `waitedMs`: from the event's publish time to now (0 or more). */
  'veltrix:worker:started': EventNote & { attempt: number; waitedMs: number }
  /** An event is done: handled. `durationMs`: this attempt's. `totalMs`: since publish. */
  'veltrix:worker:handled': EventNote & { attempt: number; durationMs: number; totalMs: number }
  /** An attempt failed, whatever comes of it: a repeat, a dead letter, or, while the breaker is open, nothing that counts. */
  'veltrix:worker:failed': EventNote & { attempt: number; durationMs: number; error: Error }
  /** An attempt failed and will be repeated after `delayMs`. */
  'veltrix:worker:retry': EventNote & { attempt: number; delayMs: number; error: Error }
  /** An event became a dead letter. */
  'veltrix:worker:dead': EventNote & { attempt: number; reason: string; error: Error }
  /** An event went behind a parked key. */
  'veltrix:worker:parked': EventNote
  /** State of a subscription, every second while it runs. */
  'veltrix:worker:state': {
    subscription: string
    running: number
    waitingKeys: number
    parkedKeys: number
    bufferedEvents: number
    breaker: 'closed' | 'open' | 'half-open'
    /** Since the worker started. */
    duplicates: number
    idConflicts: number
    stalls: number
    /** `granted`: starts since the worker started. `usedMs`: how long its handlers held slots. `share`: guaranteed to it, 0..1. */
    lanes: readonly {
      lane: string
      buffered: number
      granted: number
      running: number
      usedMs: number
      share: number
    }[]
  }
  'veltrix:worker:breaker': {
    subscription: string
    state: 'closed' | 'open' | 'half-open'
    failingKeys: number
    seenKeys: number
  }
  'veltrix:worker:commit': { subscription: string; partitions: number; durationMs: number; metadataBytes: number }
  'veltrix:worker:partitions': {
    subscription: string
    change: 'assigned' | 'revoked' | 'lost'
    partitions: readonly { topic: string; partition: number }[]
  }
  /**
   * A record has the id of one read before it in its partition, at `earlierOffset`. It was passed over; or, when `conflict`, it is handled:
   * type, key or payload differ.
   */
  'veltrix:worker:duplicate': EventNote & { earlierOffset: number; conflict: boolean }
  /** A partition stopped starting events until a commit was stored. */
  'veltrix:worker:backpressure': {
    subscription: string
    topic: string
    partition: number
    /** Which bound: the bytes of its commit state, or of what its handlers published (`exactlyOnce`). */
    reason: 'metadata' | 'staged'
  }
  /** A handler ignored its AbortSignal past the time-out. */
  'veltrix:worker:stuck': EventNote & { forMs: number }
  /**
   * A partition that has something to do stands still, and nothing that is known is the reason. `action`: what is done about it. `offset`: it
   * was read up to here; `lag`: records not done, as far as is known; `text`: all of it in one line.
   */
  'veltrix:worker:stall': {
    subscription: string
    lane: string
    topic: string
    partition: number
    offset: number
    lag: number
    cause: 'fetch' | 'commit' | 'handler' | 'unknown'
    action: 'fetch' | 'rejoin' | 'none'
    forMs: number
    text: string
  }
  /**
   * The gateway answered a request. `route`: its pattern, `/events/:type`; undefined where nothing matches. `lane`: of the event posted;
   * undefined where it is none, several or unknown. `durationMs`: from its headers to the end of the answer.
   */
  'veltrix:gateway:answered': {
    method: string
    route: string | undefined
    code: number
    lane: string | undefined
    durationMs: number
  }
  /** Something failed that the worker keeps trying to mend. */
  'veltrix:worker:trouble': { subscription: string; doing: string; error: Error }
}

/** Which event a message is about. */
export interface EventNote {
  subscription: string
  type: string
  id: string
  key: string
  lane: string
  stream: string
  topic: string
  partition: number
  offset: number
}

export type ChannelName = keyof ChannelMessages

/** The typed channel of `name`. Ask `hasSubscribers` before building an expensive message. */
export function channelOf<Name extends ChannelName>(
  name: Name,
): Channel & { publish(message: ChannelMessages[Name]): void } {
  return channel(name) as never
}

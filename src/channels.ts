/**
 * What happens inside, told on `node:diagnostics_channel`. Rooms publish here and import no telemetry;
 * the CLI's live view, telemetry and tests subscribe. With no subscriber a publish costs one check.
 *
 * Messages of `begin` and `end` are one object each, told twice: a subscriber knows it again, and may set what its type says may be set.
 * @module
 */
import { channel, type Channel } from 'node:diagnostics_channel'

/** Payload of every channel, by name. Times are milliseconds. */
export interface ChannelMessages {
  /** An event is about to be encoded; a subscriber may put a trace on it. */
  'veltrix:publisher:begin': PublishCall
  /** It is stored, or failed. Only of calls with `how: 'alone'`. */
  'veltrix:publisher:end': PublishCall
  /** A `publishMany` begins; its events follow, each as a {@link PublishCall} that names this. */
  'veltrix:publisher:beginMany': PublishManyCall
  'veltrix:publisher:endMany': PublishManyCall
  /** A handler is about to be called; a subscriber may call it inside something of its own. */
  'veltrix:handler:begin': HandlerCall
  /** It has returned or thrown, and what follows is decided. */
  'veltrix:handler:end': HandlerCall
  /** The gateway got the head of a request that posts events; a subscriber may do the rest inside something of its own. */
  'veltrix:request:begin': RequestCall
  /** It is answered, or its connection is closed. */
  'veltrix:request:end': RequestCall
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
  /** State of a subscription, every second while it runs, and once at its end. */
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

/** A trace as events carry it: the CloudEvents distributed tracing extension, which has the values of W3C Trace Context. */
export interface TraceExtensions {
  readonly traceparent: string
  readonly tracestate?: string
}

/** What telemetry may know of an event. Its payload is not among it. */
export interface EventHead {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject?: string
  readonly key: string
  readonly extensions: Readonly<Record<string, string>>
}

/** One event on its way from `publish` to the log. */
export interface PublishCall {
  /** Name of the transport, `embedded` or `kafka`. */
  readonly transport: string
  /** With the extensions that its publisher gave. */
  readonly event: EventHead
  readonly lane: string
  readonly stream: string
  readonly topic: string
  /** By itself, in a `publishMany`, or stored with the commit of the event that is being handled (`exactlyOnce`). */
  readonly how: 'alone' | 'many' | 'staged'
  readonly many: PublishManyCall | undefined
  /** The event in whose handler it is published. */
  readonly cause: EventHead | undefined
  /** May be set at `begin`: goes on the event where its publisher gave none. Default: the cause's. */
  trace?: TraceExtensions
  /** At `end`, of one that is stored. */
  place?: { readonly partition: number; readonly offset: number; readonly duplicate: boolean }
  /** At `end`, of one that failed, or whose fate is unknown. */
  error?: unknown
}

export interface PublishManyCall {
  readonly transport: string
  readonly events: number
  /** At `end`. */
  failed?: number
  /** At `end`: of the first that failed. */
  error?: unknown
}

/** One call of a handler: an attempt of one event, or of each event of a batch. */
export interface HandlerCall {
  readonly transport: string
  readonly subscription: string
  readonly group: string
  readonly lane: string
  readonly isBatch: boolean
  readonly attempts: readonly HandlerAttempt[]
  /** Calls the handler. May be set at `begin`, to something that calls what was there. */
  run: <T>(handler: () => T) => T
}

export interface HandlerAttempt extends EventNote {
  readonly event: EventHead
  /** The same object for every attempt of one event, as long as this process has it in its hands. */
  readonly item: object
  /** 1 for the first. */
  readonly attempt: number
  /** From the event's publish time to now (0 or more). */
  readonly waitedMs: number
  /** It had been a dead letter, or was parked behind one. */
  readonly redriven: boolean
  /** At `end`. */
  outcome?: AttemptOutcome | undefined
}

/** What became of an attempt. `interrupted`: the partition or the worker went, and it counts for nothing. */
export type AttemptOutcome =
  | { readonly fate: 'handled' | 'interrupted' }
  | { readonly fate: 'retry'; readonly delayMs: number; readonly error: unknown }
  | { readonly fate: 'dead'; readonly reason: string; readonly error: unknown }

/** One request to the gateway. */
export interface RequestCall {
  readonly method: string
  /** `/events` or `/events/:type` */
  readonly route: string
  readonly path: string
  readonly httpVersion: string
  /** As they came: anybody may have made them up. */
  readonly traceparent: string | undefined
  readonly tracestate: string | undefined
  /** May be set at `begin`: a subscriber puts the trace on what is published. Without it the gateway carries the headers on. */
  carriesTrace: boolean
  /** Does the rest. May be set at `begin`, to something that calls what was there. */
  run: <T>(rest: () => T) => T
  /** At `end`; undefined when the connection was closed before. */
  status?: number
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

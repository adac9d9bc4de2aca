/**
 * The typed file as a team writes it: options with units in their values. `compile()` turns it into the form the rooms read.
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Transport } from '../transport/index.ts'
import type { Duration, DurationRange, Size } from './units.ts'

/** One event of a stream: made by {@link event}. */
export interface EventDefinition<
  Input = unknown,
  Output = unknown,
  Lane extends string = string,
  Keyed extends boolean = boolean,
> {
  readonly schema: StandardSchemaV1<Input, Output>
  readonly lane?: Lane
  readonly key?: string | ((data: Output) => string)
  readonly secret?: readonly string[]
  readonly pii?: readonly string[]
  /** Only for the compiler: whether the event has a key of its own. */
  readonly keyed?: Keyed
}

export interface LaneDefinition {
  /** Share of capacity while lanes compete, relative to the other lanes; 0.001 to 1,000. Default 1. */
  readonly weight?: number
  /** Fraction of capacity it has for certain when it has work, 0.01 to 1 (0 with strict scheduling). Default 0.01. All together at most 1. */
  readonly minShare?: number
}

/** Settings of topics. What is not said is left to the transport when a topic is made, and left alone afterwards. */
export interface TopicSettingsDefinition {
  /** Copies of every partition, 1 to 100. Default: the transport's (Kafka: 3, or as many as brokers). Kafka: `replication.factor`. */
  readonly replicationFactor?: number
  /** Copies that must have an event before it is acknowledged, 1 to 100. Default: the transport's (Kafka: 2). Kafka: `min.insync.replicas`. */
  readonly minInsyncReplicas?: number
  /** Largest batch of events the topic takes, 4 KiB to 1 GiB. Default: the transport's (Kafka: about 1 MiB). Kafka: `max.message.bytes`. */
  readonly maxMessageSize?: Size
}

export interface StreamDefinition extends TopicSettingsDefinition {
  /** Field of the payloads (schema output) that holds the key, for events without one of their own: text or a whole number. */
  readonly key?: string
  /** Partitions of each of its topics, 1 to 1,000; changing it later moves keys (see `topicVersion`). Default 12. Kafka: `num.partitions`. */
  readonly partitions?: number
  /** How long events are kept at least. Default `'7d'`. Kafka: `retention.ms`. */
  readonly retention?: Duration | 'forever'
  /** Oldest events of a partition go when it is larger. Default `'unlimited'`. Kafka: `retention.bytes`. */
  readonly retentionSize?: Size | 'unlimited'
  /** Older events of a key may go when there is a newer one. Default false. Kafka: `cleanup.policy=compact` (with a retention: `compact,delete`). */
  readonly compaction?: boolean
  /** Raised when the stream moves to new topics, 1 to 1,000; from 2 on they are named `<app>.<stream>.v<n>.<lane>`. Default 1. */
  readonly topicVersion?: number
  /**
   * What becomes of records without an event's headers, written by others: dead letters (`'dead-letter'`, the default), or events of the
   * type `adopt`, whose schema their JSON must match.
   */
  readonly foreign?:
    | 'dead-letter'
    | {
        /** A type of this stream. */
        readonly adopt: string
      }
  /** By CloudEvents type. */
  readonly events: Readonly<Record<string, EventDefinition<any, any>>>
}

export interface SubscriptionDefinition {
  /** Types it takes. */
  readonly events: readonly string[]
  /** Handlers running at once in one worker process, 1 to 10,000. Default 64. */
  readonly concurrency?: number
  /** Time limit of one attempt; then its AbortSignal aborts. Default `'30s'`. */
  readonly timeout?: Duration
  readonly retry?: {
    /** Attempts in total, the first included, 1 to 100. Default 5. */
    readonly attempts?: number
    /** Wait between attempts: full jitter, doubling from … to. Default `'200ms..30s'`. */
    readonly backoff?: DurationRange
  }
  /** What a dead letter does to its key: its followers go on (`continue`, the default) or wait behind it (`park-key`). */
  readonly onDeadLetter?: 'continue' | 'park-key'
  /** How long dead letters are kept at least. Default `'14d'`. */
  readonly deadRetention?: Duration | 'forever'
  /** Settings of the topics its dead letters and their audit lie in. Default: those of `topics`. */
  readonly dead?: TopicSettingsDefinition
  /** When failures are taken for an outage: attempts slow down and nothing becomes a dead letter until it is over. */
  readonly breaker?: {
    /** Distinct keys seen recently before a verdict, 1 to 10,000. Default 5. */
    readonly minKeys?: number
    /** Fraction of recent keys failing that makes an outage, 0.01 to 1. Default 0.5. */
    readonly failingShare?: number
    /** How many of the last keys are looked at; not below `minKeys`. Default 20. */
    readonly windowKeys?: number
    /** Wait between probes while it lasts: doubling from … to. Default `'1s..30s'`. */
    readonly probe?: DurationRange
  }
  /** How long the inbox remembers an effect. Default: a day more than `deadRetention`, at most `'15d'`. */
  readonly inboxWindow?: Duration
  /** Its handlers take batches: at most `maxEvents` (default 100), waiting for `maxWait` (default `'50ms'`) for them to fill. */
  readonly batch?: { readonly maxEvents?: number; readonly maxWait?: Duration }
  /** Where it begins the first time it runs. Default `earliest`: nothing is skipped. Kafka: `auto.offset.reset`. */
  readonly startAt?: 'earliest' | 'latest'
  /**
   * What its handlers publish with `ctx.publish` is stored together with the commit of what they handled, or not at all: a pipe from log to
   * log neither loses nor repeats an event, wherever a process is killed. Effects outside the log are the inbox's. Default false.
   * Kafka: transactions (`processing.guarantee=exactly_once_v2`).
   */
  readonly exactlyOnce?: boolean
}

export interface PublisherDefinition {
  /** Events waiting or in flight before back-pressure. Default 10,000. */
  readonly maxPendingEvents?: number
  /** Bytes waiting or in flight before back-pressure. Default `'32MiB'`. */
  readonly maxPendingBytes?: Size
  /** When there is no room: publish waits (the default), or rejects with PublisherOverloaded. */
  readonly whenFull?: 'wait' | 'reject'
  /** Most events of one append request. Default 2,000. */
  readonly maxBatchEvents?: number
  /** Most bytes of one append request (one larger event goes alone). Default `'1MiB'`. */
  readonly maxBatchBytes?: Size
  /** Largest payload of one event, as JSON. Default `'1MiB'`. */
  readonly maxEventBytes?: Size
}

export interface WorkerDefinition {
  /** `weighted` (the default): shares by weight, never below minShare. `strict`: a lower lane runs only when the higher ones are empty. */
  readonly scheduling?: 'weighted' | 'strict'
  /** Records held in memory per subscription. Default `'16MiB'`. */
  readonly maxBufferedBytes?: Size
  /** Records read ahead of the committed offset, per partition. Default 10,000. */
  readonly maxAheadRecords?: number
  /** Between commits. Default `'100ms'`. */
  readonly commitInterval?: Duration
  /** From SIGTERM (or `stop()`) to giving up on running handlers. Default `'30s'`. */
  readonly drainTimeout?: Duration
  /** What running handlers get to finish when a partition is taken away. Default `'10s'`. */
  readonly revokeTimeout?: Duration
  /** A worker not heard of for this long loses its partitions. Default `'10s'`. Kafka: `session.timeout.ms`. */
  readonly sessionTimeout?: Duration
  /**
   * A partition with something to do that stands still for so long without a known reason is told, and restarted: fetched anew, then the
   * group is left and joined again. Default `'60s'`; `'never'`: not looked at.
   */
  readonly stallAfter?: Duration | 'never'
  /**
   * Events that were stored twice with one id (a client got no answer and sent again) are handled once, where the log does not see to it
   * itself. `false`: each is handled.
   */
  readonly dedupe?:
    | false
    | {
        /** Ids remembered of each partition, at least; 1 to 1,000,000. About 260 bytes each. Default 2,000. */
        readonly maxIds?: number
        /** Also where the log removes duplicates itself. Default false. */
        readonly always?: boolean
      }
}

/** The whole typed file. */
export interface ConfigDefinition {
  /** Name of the application: prefix of its topics and groups; a-z, 0-9 and "-", at most 64 characters. */
  readonly app: string
  /** CloudEvents `source` of what it publishes: a URI reference. Default `/<app>`. */
  readonly source?: string
  /** Highest priority first. Default: critical (weight 8), standard (3), bulk (1, at least 5 %). */
  readonly lanes?: Readonly<Record<string, LaneDefinition>>
  readonly streams: Readonly<Record<string, StreamDefinition>>
  readonly subscriptions?: Readonly<Record<string, SubscriptionDefinition>>
  /** Settings of every topic whose stream (or subscription, for dead letters) does not say otherwise. */
  readonly topics?: TopicSettingsDefinition
  readonly publisher?: PublisherDefinition
  readonly worker?: WorkerDefinition
  /** Where the log is. Default `'embedded'`: in a directory of this machine. */
  readonly transport?: 'embedded' | Transport
}

/**
 * The typed file after its one compile step: every field present, checked, with its unit in its name.
 * Rooms read this and never the friendly form a team writes.
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Transport } from '../transport/index.ts'

export interface CompiledConfig {
  /** Name of the application: prefix of its topics and groups. */
  readonly app: string
  /** CloudEvents `source` of what this application publishes. Default `/<app>`. */
  readonly source: string
  /** Highest priority first. */
  readonly lanes: readonly CompiledLane[]
  readonly streams: ReadonlyMap<string, CompiledStream>
  /** By CloudEvents type; a type belongs to one stream. */
  readonly events: ReadonlyMap<string, CompiledEvent>
  readonly subscriptions: ReadonlyMap<string, CompiledSubscription>
  readonly publisher: CompiledPublisherOptions
  readonly worker: CompiledWorkerOptions
  readonly transport: Transport | 'embedded'
}

export interface CompiledLane {
  readonly name: string
  /** Position in `lanes`: 0 is the most urgent. */
  readonly index: number
  /** Share of capacity under contention, relative to the other lanes. > 0. */
  readonly weight: number
  /** Guaranteed fraction of capacity when it has work, 0..1. Never below 0.01 outside strict mode: no lane starves. */
  readonly minShare: number
}

export interface CompiledStream {
  readonly name: string
  readonly partitions: number
  readonly retentionMs: number
  /** Per partition. */
  readonly retentionBytes: number
  readonly compaction: boolean
  readonly settings: CompiledTopicSettings
  readonly topicVersion: number
  /** Records without an event's headers are taken for events of this type; undefined: they become dead letters. */
  readonly adopt: string | undefined
  /** Topic of each lane: `<app>.<stream>.<lane>`, from version 2 on `<app>.<stream>.v<version>.<lane>`. */
  readonly topics: ReadonlyMap<string, string>
}

/** What is `undefined` was not said: the transport's default when a topic is made, nothing to change afterwards. */
export interface CompiledTopicSettings {
  readonly replicationFactor?: number | undefined
  readonly minInsyncReplicas?: number | undefined
  readonly maxMessageBytes?: number | undefined
}

export interface CompiledEvent {
  readonly type: string
  readonly stream: string
  /** Lane it goes to unless the publish call says otherwise. */
  readonly lane: string
  readonly schema: StandardSchemaV1
  /** The key of a payload (schema output). @throws EventInvalid when it is missing, empty, not text, or too long */
  readonly key: (data: unknown) => string
  /** The payload's field that the key is; undefined where a function takes it. */
  readonly keyField?: string | undefined
  /** Paths of payload fields never shown to people (dashboard, CLI output): those of `secret` and of `pii`. */
  readonly secret: readonly string[]
}

export interface CompiledSubscription {
  readonly name: string
  /** Consumer group: `<app>.<subscription>`. */
  readonly group: string
  /** Types it takes; others in its topics are passed over. */
  readonly events: ReadonlySet<string>
  /** What it reads: every lane of every stream that carries one of its types. */
  readonly topics: readonly { readonly topic: string; readonly stream: string; readonly lane: string }[]
  /** Handlers running at once, in one worker process. */
  readonly concurrency: number
  /** One attempt's time limit. */
  readonly timeoutMs: number
  readonly retry: CompiledRetry
  readonly onDeadLetter: 'continue' | 'park-key'
  /** `<app>.<subscription>.dead` */
  readonly deadTopic: string
  /** `<app>.<subscription>.dead.audit` */
  readonly auditTopic: string
  /** Dead letters older than this may be removed. */
  readonly deadRetentionMs: number
  /** Of the dead and the audit topic. */
  readonly deadSettings: CompiledTopicSettings
  readonly breaker: CompiledBreaker
  /** How long an effect is remembered by the inbox. */
  readonly inboxWindowMs: number
  /** Set when its handlers take batches. */
  readonly batch?: { readonly maxEvents: number; readonly maxWaitMs: number }
  /** Where a group that never committed begins. */
  readonly startAt: 'earliest' | 'latest'
  /** What its handlers publish is stored with the commit of what they handled, all or nothing. */
  readonly exactlyOnce: boolean
}

export interface CompiledRetry {
  /** Attempts in total, the first included. 1 = no retry. */
  readonly attempts: number
  /** Full jitter between 0 and min(maxMs, minMs * 2^(attempt-1)). */
  readonly backoffMinMs: number
  readonly backoffMaxMs: number
}

/** When failures are an outage (most keys fail) rather than a poison event (one key fails). */
export interface CompiledBreaker {
  /** Distinct keys seen recently before a verdict. */
  readonly minKeys: number
  /** Fraction of recent keys failing that makes an outage, 0..1. */
  readonly failingShare: number
  /** How many of the last keys' outcomes are looked at. */
  readonly windowKeys: number
  /** Between probes while open: from … to, doubling, with jitter. */
  readonly probeMinMs: number
  readonly probeMaxMs: number
}

export interface CompiledPublisherOptions {
  /** Events waiting or in flight before back-pressure. */
  readonly maxPendingEvents: number
  readonly maxPendingBytes: number
  /** `wait`: publish waits for room. `reject`: it rejects with PublisherOverloaded. */
  readonly whenFull: 'wait' | 'reject'
  /** Largest append request; more is split. */
  readonly maxBatchEvents: number
  readonly maxBatchBytes: number
  /** Largest encoded payload of one event. */
  readonly maxEventBytes: number
}

export interface CompiledWorkerOptions {
  /** `weighted`: shares by weight, never below minShare. `strict`: a lower lane runs only when the higher ones are empty. */
  readonly scheduling: 'weighted' | 'strict'
  /** Records held in memory, per subscription, over all partitions. */
  readonly maxBufferedBytes: number
  /** Records read ahead of the committed offset, per partition. */
  readonly maxAheadRecords: number
  readonly commitIntervalMs: number
  /** From SIGTERM (or `stop()`) to giving up. */
  readonly drainTimeoutMs: number
  /** What running handlers get to finish when a partition is taken away, before they are aborted. */
  readonly revokeTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** Infinity: never. */
  readonly stallAfterMs: number
  /** Events stored twice are handled once; undefined: each is handled. */
  readonly dedupe: CompiledDedupe | undefined
}

export interface CompiledDedupe {
  /** Remembered of each partition, at least. */
  readonly maxIds: number
  /** Also on a log that remembers ids itself. */
  readonly always: boolean
}

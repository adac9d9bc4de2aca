/**
 * THE contract between Veltrix and a log: append, consume, commit, administer. It speaks *records*
 * (topic, partition, key, headers, bytes), never events and never a broker's own types.
 *
 * What is NOT a transport's job: lanes and their shares, order by key inside a partition, attempts and backoff,
 * dead letters, the inbox, schemas, coalescing single publishes. Those are the worker's and the publisher's, once, for all transports.
 *
 * What is: durability before `append` resolves, one total order per partition, group membership with fencing,
 * liveness that does not depend on the caller's event loop being free, and clear errors.
 *
 * `test/conformance/transport.ts` is this file as tests.
 * @module
 */
import type { Clock } from '../clock.ts'
import type { TopicPartition, TopicSpec } from './topic.ts'
import type { TopologyAdmin } from './topology.ts'

export type { TopicPartition, TopicSpec }

/** What a transport can and cannot do. A `false` is a documented limit, never a silent one. */
export interface TransportFeatures {
  /** Records survive the process and can be read again from any retained offset. */
  readonly replay: boolean
  /** `append` with `dedupe` stores a repeated id once, across processes and restarts, for `dedupeWindowMs`. 0: not supported. */
  readonly dedupeWindowMs: number
  /** Largest commit metadata of one partition, in bytes. The worker keeps its state below it. */
  readonly maxCommitMetadataBytes: number
  /** Largest record (key + headers + value) in bytes. */
  readonly maxRecordBytes: number
  /** Several processes may use the same log at once. */
  readonly multiProcess: boolean
  /** Topics and partitions can be made and changed through `admin`. */
  readonly administrable: boolean
  /** `commit` takes records: they are stored together with its positions, or not at all. */
  readonly transactions: boolean
  /**
   * Partitions do not wait for each other: `append` tells outcomes early, and appends to other partitions go on beside one that takes long.
   * Default false: one queue takes all.
   */
  readonly appendsApart?: boolean
}

/** A transport as a value in the typed file: `embedded({ directory })`, `kafka({ brokers })`. Opening it is lazy. */
export interface Transport {
  readonly name: string
  readonly features: TransportFeatures
  /** Optional. Where it is found first on a network, for descriptions of the application. Nothing in it is secret. */
  readonly servers?: readonly LogServer[]
  /**
   * Opens the log. Idempotent per returned {@link Log}; two calls give two independent clients.
   * @throws LogUnavailable, LogUnwritable, LogCorrupted, LogVersionMismatch
   */
  open(options: OpenOptions): Promise<Log>
}

export interface LogServer {
  /** `broker-1:9092` */
  readonly host: string
  /** As AsyncAPI names it: `kafka`, `kafka-secure`. */
  readonly protocol: string
}

export interface OpenOptions {
  readonly clock: Clock
  /** Shown to people in member lists and lock owners, e.g. `checkout@host:4711`. */
  readonly clientId: string
}

/** One open log. */
export interface Log {
  readonly features: TransportFeatures
  /**
   * Stores records. When the promise resolves every record with an `offset` outcome is durable: fsynced, or on all in-sync replicas.
   * Records of one partition are stored in the order of the array, and after those of any earlier `append` call to
   * that partition by this client. Not atomic over partitions: each record has its own outcome, at its own index.
   * The promise itself rejects only when nothing is known about any record (then each may or may not be stored).
   * `early` is told of outcomes as they come, where `features.appendsApart`.
   * The log takes ownership of the arrays: callers must not change them afterwards.
   * @throws LogClosed, LogUnavailable
   */
  append(records: readonly AppendRecord[], early?: EarlyOutcomes): Promise<readonly AppendOutcome[]>
  /** Joins `group`. Resolves at once; partitions arrive through `listener`. */
  consume(options: ConsumeOptions): Promise<Consumer>
  /**
   * Reads without a group, from `offset` on (tail, dead letters). Resolves with an empty array when nothing arrived in `maxWaitMs`.
   * An offset below the earliest retained one starts at the earliest.
   * @throws TopicUnknown, LogCorrupted, LogClosed, OffsetOutOfRange (above the end)
   */
  read(from: ReadRequest): Promise<FetchedBatch>
  /** Optional: for who follows many partitions without a group. What it gives asks the log for all of them with few requests. */
  readTogether?(): TogetherReader
  readonly admin: LogAdmin
  /** Flushes, leaves groups, frees. Idempotent; also while calls are pending: they reject with LogClosed. */
  close(): Promise<void>
}

export interface AppendRecord {
  readonly topic: string
  /** Which partition. The publisher chooses by `partitionForKey`, so that all transports agree. */
  readonly partition: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Text is stored as UTF-8. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | string])[]
  /** Wall-clock milliseconds. */
  readonly timestamp: number
  /**
   * Makes this append idempotent inside `features.dedupeWindowMs`: a second record with the same `id` in the same `scope`
   * is not stored; its outcome is that of the first with `duplicate: true`, or a `conflict` when `digest` differs.
   */
  readonly dedupe?: { readonly scope: string; readonly id: string; readonly digest: number }
}

/**
 * Told of outcomes of one `append` as they come, before its promise settles: places in the array of records, and what became of each.
 * They stand also when the promise rejects. Only where `features.appendsApart`; must not throw.
 */
export type EarlyOutcomes = (places: readonly number[], outcomes: readonly AppendOutcome[]) => void

export type AppendOutcome =
  | {
      readonly offset: number
      readonly duplicate?: boolean
      /** Of a duplicate whose first lies in another partition than this record was to go to: where that is. */
      readonly first?: TopicPartition
    }
  /** Definitely not stored. `error.retryable` tells whether trying again can help. */
  | { readonly error: Error }

/** A record as it lies in the log. `key`, `value` and header values are views: copy what you keep. */
export interface LogRecord {
  readonly offset: number
  /** Wall-clock milliseconds given at append. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: RecordHeaders
  /** About what it takes in memory: key, value and headers, in bytes. */
  readonly bytes: number
}

/** Headers, decoded when asked. Names may repeat; `get` gives the last. */
export interface RecordHeaders {
  get(name: string): Uint8Array | undefined
  /** The value as UTF-8 text. */
  text(name: string): string | undefined
  /**
   * Optional, where it is quicker than iterating: calls `take` with each header in order, its value as text; `undefined` when it is not
   * UTF-8.
   */
  eachText?(take: (name: string, text: string | undefined) => void): void
  [Symbol.iterator](): Iterator<readonly [name: string, value: Uint8Array]>
}

export interface FetchedBatch extends TopicPartition {
  /**
   * In offset order, offsets not necessarily contiguous (retention, transactions). Empty from `read` at the end, and where what was read has no
   * record in it (marks and leftovers of transactions): then only `nextOffset` says something.
   */
  readonly records: readonly LogRecord[]
  /** Where the next fetch continues: after the last record, also past gaps. */
  readonly nextOffset: number
  /** End of the partition when this was read (offset of the next record to be stored). */
  readonly endOffset: number
  /** Optional: frees the memory of its records. Called once, when nobody uses any of them, nor a view of one, any more. */
  readonly release?: () => void
}

export interface ReadRequest extends TopicPartition {
  readonly offset: number
  /** Soft limit: at least one record is returned when there is one. */
  readonly maxBytes: number
  /** 0 returns at once. */
  readonly maxWaitMs: number
  readonly signal?: AbortSignal
}

/** Reads many partitions without a group. One call at a time. */
export interface TogetherReader {
  /**
   * Waits until any of the wanted partitions has something to tell, or `maxWaitMs` passed (then an empty array). An offset below the earliest
   * retained one starts at the earliest; `nextOffset` moves past what is no record. What was not asked for again is dropped.
   * @throws OffsetOutOfRange (above the end), LogClosed, LogUnavailable, the signal's reason
   */
  fetch(
    wanted: readonly FetchRequest[],
    options: { readonly maxWaitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly FetchedBatch[]>
}

export interface ConsumeOptions {
  readonly group: string
  readonly topics: readonly string[]
  readonly listener: ConsumerListener
  /** A member not heard of for this long loses its partitions. Heartbeats are the transport's, on its own thread. Default 10 s. */
  readonly sessionTimeoutMs?: number
  /** Where a partition without a committed offset starts. Default `earliest`: nothing is skipped. */
  readonly startAt?: 'earliest' | 'latest'
  /** Leaves for good when it closes, also where members of this log are static. Default false. */
  readonly transient?: boolean
}

/** A partition handed to this member, with where the group stands. */
export interface AssignedPartition extends TopicPartition {
  /** First offset not committed; where the group begins when it never committed. */
  readonly committedOffset: number
  /** What the last commit said, byte for byte; empty when nothing was committed. */
  readonly metadata: Uint8Array
}

export interface ConsumerListener {
  /** These partitions are this member's from now on. Called again only with others. Must not throw. */
  assigned(partitions: readonly AssignedPartition[]): void
  /**
   * The group wants these back. The transport waits for the promise (bounded by the group's rebalance time-out) before anybody else
   * gets them: stop, finish or abort, commit, resolve.
   */
  revoked(partitions: readonly TopicPartition[]): Promise<void>
  /** These are gone already (session lost, fenced): stop at once; commits for them fail with Fenced. Must not throw. */
  lost(partitions: readonly TopicPartition[]): void
  /** Something broke that the consumer cannot mend itself; it keeps trying when `error.retryable`. */
  failed(error: Error): void
}

export interface FetchRequest extends TopicPartition {
  readonly offset: number
  /** Soft limit for this partition: at least one record is returned when there is one. */
  readonly maxBytes: number
}

/** Membership in a group. */
export interface Consumer {
  /**
   * Waits until any of the wanted partitions has records, or `maxWaitMs` passed (then an empty array). Only assigned partitions may be asked for;
   * one that was just taken away is left out of the answer silently. Several calls with disjoint partitions may be open at once,
   * and one must not delay another. Nothing is fetched that was not asked for, so memory is the caller's to bound.
   * @throws LogClosed, LogCorrupted, LogUnavailable, the signal's reason
   */
  fetch(
    wanted: readonly FetchRequest[],
    options: { maxWaitMs: number; signal?: AbortSignal },
  ): Promise<readonly FetchedBatch[]>
  /**
   * Moves the group's position. When it resolves, the position survives the death of this process (a power cut may repeat the last moments).
   * Positions of one call are stored together; calls are stored in the order made.
   * @param records where `features.transactions`: stored together with the positions or not at all, also when this process, the log or the
   * machine dies in the middle, and read by nobody before it is decided. Those of one partition keep the order of the array. While the
   * member holds the partitions the outcome is certain: an error means that nothing of the call is stored, nor will be. A member that takes
   * over begins after it is decided. `dedupe` of a record is not looked at. The log takes ownership of the array.
   * @throws Fenced (this member does not hold the partition any more: nothing of the call is stored), MetadataTooLarge, LogUnavailable, LogFull
   * @throws RecordTooLarge, TopicUnknown because of one of the records
   */
  commit(positions: readonly CommitPosition[], records?: readonly AppendRecord[]): Promise<void>
  /**
   * Optional. Milliseconds until this member's session ends, unless the group hears of it before; 0 or less: it is over, and others may hold
   * what was assigned, although nothing was told of it yet (this process stood still, or its event loop is behind).
   */
  readonly sessionLeftMs?: number
  /** Leaves the group: `revoked` is called for what is held, and waited for. Idempotent. */
  close(): Promise<void>
}

export interface CommitPosition extends TopicPartition {
  /** First offset that is not done. */
  readonly offset: number
  /** At most `features.maxCommitMetadataBytes`. */
  readonly metadata: Uint8Array
}

export interface PartitionOffsets extends TopicPartition {
  /** Earliest retained offset. */
  readonly earliest: number
  /** Offset of the next record. */
  readonly end: number
}

export interface GroupDescription {
  readonly group: string
  readonly members: readonly { readonly clientId: string; readonly partitions: readonly TopicPartition[] }[]
  readonly positions: readonly (TopicPartition & { readonly offset: number; readonly metadata: Uint8Array })[]
}

export interface LogAdmin {
  /**
   * Makes topics that are missing. One that exists with the same number of partitions is left, its retention updated.
   * @throws TopicMismatch when one exists with another number of partitions (nothing is made then)
   */
  createTopics(topics: readonly TopicSpec[]): Promise<void>
  topics(): Promise<readonly TopicSpec[]>
  deleteTopic(name: string): Promise<void>
  /** @throws TopicUnknown */
  offsets(topics: readonly string[]): Promise<readonly PartitionOffsets[]>
  /**
   * Optional. Of every partition, the offset of the first record whose `timestamp` is `sinceMs` or later; where there is none, its end. Timestamps
   * are those given at append, so earlier records may lie behind it.
   * @throws TopicUnknown
   */
  offsetsSince?(
    topics: readonly string[],
    sinceMs: number,
  ): Promise<readonly (TopicPartition & { readonly offset: number })[]>
  groups(names?: readonly string[]): Promise<readonly GroupDescription[]>
  /** Optional: for `veltrix plan` and `apply`. */
  readonly topology?: TopologyAdmin
}

/**
 * A topic as it is asked for, and one of its partitions.
 * @module
 */

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** Records older than this may be removed. Milliseconds; Infinity keeps them. */
  readonly retentionMs: number
  /** Oldest records of a partition are removed above this size. Bytes per partition; Infinity: no limit. */
  readonly retentionBytes: number
  /** Older records of a key may be removed when there is a newer one. Default false. Ignored by a log that cannot. */
  readonly compaction?: boolean | undefined
  /** Copies of every partition. Default the log's. Ignored by a log on one machine, as are the following. */
  readonly replicationFactor?: number | undefined
  /** Copies that must have a record before it is acknowledged. Default the log's. */
  readonly minInsyncReplicas?: number | undefined
  /** Largest batch of records, in bytes. Default the log's. */
  readonly maxMessageBytes?: number | undefined
  /** Records get the time of the broker that stores them instead of the one they are given. Default false. */
  readonly appendTime?: boolean | undefined
}

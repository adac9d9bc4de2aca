/**
 * The part of a log's administration that plans and applies topologies: topics as they are, with everything that can be set. Optional
 * (`admin.topology`): an application runs without it.
 * @module
 */
import type { TopicPartition, TopicSpec } from './topic.ts'

/** A setting of a topic that may differ between the typed file and the log. */
export type TopicSetting = 'retentionMs' | 'retentionBytes' | 'compaction' | 'minInsyncReplicas' | 'maxMessageBytes'

export type TopicSettings = Pick<TopicSpec, TopicSetting>

/** A topic as it is. */
export interface TopicState extends TopicSettings {
  readonly name: string
  /** Another one when it was deleted and made again. Empty where a log has none. */
  readonly id: string
  /** In the order of their numbers. */
  readonly partitions: readonly PartitionState[]
}

export interface PartitionState {
  /** Brokers that have (or get) a copy, the preferred leader first; empty where a log has no copies. */
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  /** The broker that takes and gives its records; undefined where there is none just now, or none at all. */
  readonly leader?: number | undefined
  /** Of `replicas`: copies that are being made. */
  readonly adding: readonly number[]
  /** Of `replicas`: copies that go when those that are being made are there. */
  readonly removing: readonly number[]
  /** What one copy takes on disk; undefined where it is not known. */
  readonly bytes?: number | undefined
}

export interface BrokerState {
  readonly id: number
  readonly rack?: string | undefined
  /** `broker-1:9092` */
  readonly address?: string | undefined
}

/** The machines behind a log. */
export interface ClusterState {
  readonly id: string
  readonly brokers: readonly BrokerState[]
  /** The broker that decides about the others, as clients are told; undefined where none is known. */
  readonly controller?: number | undefined
  /** Their settings by name, then by broker. Empty when they may not be read. */
  readonly settings: ReadonlyMap<string, ReadonlyMap<number, string>>
}

export interface ReplicaMove extends TopicPartition {
  /** Brokers that are to have a copy, the preferred leader first. */
  readonly replicas: readonly number[]
}

export interface TopologyAdmin {
  /** What can be set here; the others are ignored when a topic is made. */
  readonly sets: readonly TopicSetting[]
  /** Whether partitions have copies on several brokers, so that `reassign` does something. */
  readonly replicates: boolean
  cluster(): Promise<ClusterState>
  /** Topics whose names begin with `prefix`. */
  topics(prefix: string): Promise<readonly TopicState[]>
  /** Makes one topic, also where `createTopics` only checks. One that exists with as many partitions is left as it is. @throws TopicMismatch */
  create(topic: TopicSpec): Promise<void>
  /** Sets what is given, and nothing else. @throws TopicUnknown */
  set(topic: string, settings: Partial<TopicSettings>): Promise<void>
  /** Raises the number of partitions. Absent where that cannot be done. @throws TopicUnknown */
  addPartitions?(topic: string, partitions: number): Promise<void>
  /** Begins to move copies; `topics` tells how far it is. Absent without copies. */
  reassign?(moves: readonly ReplicaMove[]): Promise<void>
  /** Bounds what moving the copies of these topics may take, in bytes per second and broker; `undefined` takes the bound away. */
  throttle?(topics: readonly string[], bytesPerSecond: number | undefined): Promise<void>
}

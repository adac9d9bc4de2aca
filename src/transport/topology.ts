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
  /** Whether its records have the time of the broker that stored them. */
  readonly appendTime: boolean
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

/** How one broker is, asked directly. */
export interface BrokerHealth {
  /** Undefined for an address of the typed file that is no broker's of the cluster: it did not answer either. */
  readonly id: number | undefined
  /** `broker-1:9092` */
  readonly address: string
  /** Why it did not answer; undefined when it did. */
  readonly trouble: string | undefined
  /** From the question to the answer, connecting included. */
  readonly answerMs: number | undefined
  /** Undefined where they were not asked for, or the broker does not say. */
  readonly disks: readonly BrokerDisk[] | undefined
  /** What it shows to clients; undefined without TLS, and where it could not be seen. */
  readonly certificate: CertificateState | undefined
}

export interface BrokerDisk {
  readonly path: string
  /** What all topics on it take. */
  readonly usedBytes: number
  /** Of the volume it lies on; undefined where the broker does not say (before Kafka 3.3). */
  readonly totalBytes: number | undefined
  readonly freeBytes: number | undefined
  /** Whether the broker can use it. */
  readonly isWell: boolean
}

export interface CertificateState {
  readonly subject: string
  /** Wall-clock milliseconds. */
  readonly validFrom: number
  readonly validTo: number
}

export interface ClusterHealth {
  /** Every broker of the cluster, and addresses of the typed file where none answers. */
  readonly brokers: readonly BrokerHealth[]
  /** Certificate of this client, where it has one. */
  readonly ownCertificate: CertificateState | undefined
  /** Topics whose names begin as asked, and the cluster's own (positions, transactions). */
  readonly topics: readonly TopicHealth[]
}

export interface TopicHealth {
  readonly name: string
  /** Of the cluster itself. */
  readonly isInternal: boolean
  /** Undefined where it may not be read. */
  readonly minInsyncReplicas: number | undefined
  readonly partitions: readonly Pick<PartitionState, 'replicas' | 'inSync' | 'leader'>[]
}

export interface HealthOptions {
  /** Which topics to tell of. */
  readonly prefix: string
  /** A broker that takes longer counts as one that does not answer. Milliseconds. */
  readonly timeoutMs: number
  /** Ask for disks and certificates too. */
  readonly thorough: boolean
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
  /** Asks every broker by itself. Absent without brokers. @throws LogUnavailable when none can be asked */
  health?(options: HealthOptions): Promise<ClusterHealth>
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

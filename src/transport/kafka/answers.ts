/**
 * Shapes of brokers' answers, as far as they are used here.
 * @module
 */
export interface MetadataResponseTopic {
  readonly errorCode: number
  readonly name?: string | null
  readonly topicId: string
  readonly isInternal: boolean
  readonly partitions: readonly {
    readonly partitionIndex: number
    readonly leaderId: number
    readonly leaderEpoch: number
  }[]
}

export interface MetadataResponse {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]
  readonly controllerId: number
  readonly topics: readonly MetadataResponseTopic[]
}

export interface ProducePartition {
  readonly index: number
  readonly errorCode: number
  readonly baseOffset: bigint
  readonly errorMessage?: string | null
}

export interface ProduceResponse {
  readonly responses: readonly { readonly name: string; readonly partitionResponses: readonly ProducePartition[] }[]
}

export interface StoredRecord {
  readonly offsetDelta: number
  readonly timestampDelta: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

export interface StoredBatch {
  readonly firstOffset: bigint
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly firstTimestamp: bigint
  readonly maxTimestamp: bigint
  readonly producerId: bigint
  readonly records: readonly StoredRecord[]
}

export interface FetchedPartition {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly highWatermark: bigint
  readonly lastStableOffset: bigint
  readonly abortedTransactions: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[] | null
  readonly preferredReadReplica: number
  readonly records?: readonly StoredBatch[] | null
}

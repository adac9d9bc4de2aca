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

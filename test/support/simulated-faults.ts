/**
 * What can go wrong between a client and a simulated cluster. The cluster asks at every call; a test answers.
 * @module
 */
import type { AppendRecord, CommitPosition, TopicPartition } from '../../src/transport/index.ts'

/**
 * `refused`: not stored, each record's outcome is a retryable error. `unknown`: stored, but the call rejects.
 * `vanished`: not stored, and the call rejects. `partial`: the first record is stored, the others are refused.
 */
export type AppendFault = 'refused' | 'unknown' | 'vanished' | 'partial'

/** `refused`: not stored. `unknown`: stored. The call rejects with LogUnavailable either way. `delayMs`: takes that long to be stored. */
export type CommitFault = 'refused' | 'unknown' | { readonly delayMs: number }

export interface FetchFault {
  /** The call rejects with LogUnavailable. */
  readonly unavailable?: boolean
  /** There is no answer, until the caller gives up. */
  readonly silent?: boolean
  /** The answer takes so much longer. */
  readonly delayMs?: number
  /** Records before the wanted offset are delivered again. */
  readonly repeat?: number
  /** At most so many records in one partition's answer. */
  readonly maxRecords?: number
}

export interface SimulatedFaults {
  append?(records: readonly AppendRecord[], client: string): AppendFault | undefined
  commit?(positions: readonly CommitPosition[], client: string): CommitFault | undefined
  fetch?(partition: TopicPartition, client: string): FetchFault | undefined
  /** Reads without a group; only `unavailable` and `delayMs` count. */
  read?(partition: TopicPartition, client: string): FetchFault | undefined
}

export const noFaults: SimulatedFaults = {}

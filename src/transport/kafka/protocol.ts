/**
 * Messages between the main thread and the member thread.
 * @module
 */
import type { AssignedPartition, CommitPosition, TopicPartition } from '../index.ts'
import type { CompiledOptions } from './options.ts'
import type { PackedRecords } from './packed-records.ts'
import type { WireError } from './wire-errors.ts'

/** What the member thread starts with. */
export interface MemberThreadStart {
  /** Functions cannot cross: where the options have one, the thread asks the main thread. */
  readonly options: CompiledOptions
  readonly clientId: string
  readonly asks: readonly SecretName[]
}

export type SecretName = 'username' | 'password' | 'token'

/** A partition given to a member. Every giving has a number of its own: what is said about an earlier one counts no more. */
export interface Grant extends TopicPartition {
  readonly grant: number
}

/** Main thread to member thread. Those with an `id` are answered. */
export type ToThread =
  | {
      readonly op: 'join'
      readonly consumer: number
      readonly group: string
      readonly topics: readonly string[]
      readonly startAt: 'earliest' | 'latest'
      readonly sessionTimeoutMs: number
      /** Of a static member. */
      readonly instanceId: string | null
      /** Where the thread writes when the session ends. */
      readonly session: SharedArrayBuffer
    }
  | { readonly op: 'released'; readonly consumer: number; readonly partitions: readonly Grant[] }
  | {
      readonly op: 'commit'
      readonly id: number
      readonly consumer: number
      readonly positions: readonly (CommitPosition & { readonly grant: number })[]
      /** Stored with the positions in one transaction. */
      readonly records?: PackedRecords
    }
  | { readonly op: 'leave'; readonly id: number; readonly consumer: number }
  | { readonly op: 'secret'; readonly ask: number; readonly value?: string; readonly error?: string }
  | { readonly op: 'close'; readonly id: number }

/** Member thread to main thread. */
export type FromThread =
  | { readonly id: number; readonly error?: WireError }
  | {
      readonly push: 'assigned'
      readonly consumer: number
      readonly partitions: readonly (AssignedPartition & Grant)[]
    }
  | { readonly push: 'revoke'; readonly consumer: number; readonly partitions: readonly Grant[] }
  | { readonly push: 'lost'; readonly consumer: number; readonly partitions: readonly Grant[] }
  | { readonly push: 'failed'; readonly consumer: number; readonly error: WireError }
  | { readonly push: 'secret'; readonly ask: number; readonly name: SecretName }

/**
 * What the client on the main thread, the log threads and the processes say to each other. The same messages go
 * through a MessagePort (to the log thread) and through the socket (to the owner process).
 * @module
 */
import type { GroupDescription, PartitionOffsets, TopicPartition, TopicSpec } from '../index.ts'
import type { WireError } from './wire-errors.ts'

/** Changed whenever these messages change: processes of different versions refuse each other. */
export const protocolVersion = 3

/** Records of one append call for one partition, packed. */
export interface PackedEntry extends TopicPartition {
  readonly count: number
  readonly bytes: Uint8Array
  /** By record; `null` where a record has none. Absent when no record has one. */
  readonly dedupe?: readonly (Dedupe | null)[]
}

export interface Dedupe {
  readonly scope: string
  readonly id: string
  readonly digest: number
}

/** Outcome of one {@link PackedEntry}: consecutive offsets from `base`, an outcome by record, or one error for all. */
export type EntryOutcome =
  | { readonly base: number }
  | { readonly records: readonly RecordOutcome[] }
  | { readonly error: WireError }

export type RecordOutcome =
  | { readonly offset: number; readonly duplicate?: boolean; readonly first?: TopicPartition }
  /** The id was used before with another digest; `offset` is the first one's. */
  | { readonly conflict: number }

export interface WirePosition extends TopicPartition {
  readonly offset: number
  readonly metadata: Uint8Array
}

/**
 * A partition given to a member. Each giving has a number of its own, so that what a member says about an earlier one
 * (taken from it, and given again meanwhile) is told apart.
 */
export interface Grant extends TopicPartition {
  readonly grant: number
}

export interface PartitionEnd extends TopicPartition {
  readonly end: number
}

/** Requests by name: what is asked and what is answered. */
export interface Operations {
  append: { ask: { entries: readonly PackedEntry[] }; answer: readonly EntryOutcome[] }
  /** From now on the session hears of new ends in these topics; answers where they end now. */
  watch: { ask: { topics: readonly string[] }; answer: readonly PartitionEnd[] }
  join: {
    ask: {
      consumer: number
      group: string
      topics: readonly string[]
      sessionTimeoutMs: number
      startAt: 'earliest' | 'latest'
    }
    answer: void
  }
  leave: { ask: { consumer: number }; answer: void }
  /** The member has stopped work on these partitions: they may be given to others. */
  released: { ask: { consumer: number; partitions: readonly Grant[] }; answer: void }
  /** `entries`: stored together with the positions. */
  commit: {
    ask: { consumer: number; positions: readonly (WirePosition & Grant)[]; entries?: readonly PackedEntry[] }
    answer: void
  }
  createTopics: { ask: { topics: readonly TopicSpec[] }; answer: void }
  topics: { ask: object; answer: readonly TopicSpec[] }
  deleteTopic: { ask: { name: string }; answer: void }
  offsets: { ask: { topics: readonly string[] }; answer: readonly PartitionOffsets[] }
  groups: { ask: { names?: readonly string[] }; answer: readonly GroupDescription[] }
  /** Applies retention as of `now` (wall-clock milliseconds), whole. */
  retain: { ask: { now: number }; answer: void }
  /** Whether appended bytes of this partition are sent along with its new end. Only between the threads of one process. */
  tail: { ask: TopicPartition & { on: boolean }; answer: void }
  beat: { ask: object; answer: void }
  /** Ends this session (and, at the log thread, the thread). */
  close: { ask: object; answer: void }
}

export type OperationName = keyof Operations
export type Ask<Name extends OperationName> = Operations[Name]['ask']
export type Answer<Name extends OperationName> = Operations[Name]['answer']

export type Request = { [Name in OperationName]: { id: number; op: Name; ask: Ask<Name> } }[OperationName]
export type Response = { id: number; answer: unknown } | { id: number; error: WireError }

/** Sent without being asked. */
export type Push =
  | { push: 'broken'; error: WireError }
  /** The connection to the owner is new: memberships are gone, watches must be made again. */
  | { push: 'reset' }
  | { push: 'ends'; ends: readonly AppendedEnd[] }
  | {
      push: 'assigned'
      consumer: number
      partitions: readonly (Grant & { committedOffset: number; metadata: Uint8Array })[]
    }
  | { push: 'revoke'; consumer: number; partitions: readonly Grant[] }
  /** Something about this membership cannot be done. */
  | { push: 'failed'; consumer: number; error: WireError }
  /** These partitions were taken away. With `expelled` the membership is gone too: join again. */
  | { push: 'lost'; consumer: number; partitions: readonly TopicPartition[]; expelled: boolean }

/** A new end, with the records that made it when the session asked for them (`tail`). */
export interface AppendedEnd extends PartitionEnd {
  readonly base?: number
  readonly count?: number
  readonly bytes?: Uint8Array
}

export type Message = Response | Push

/** Questions to the reader thread. */
export interface ReadAsk {
  readonly id: number
  readonly wants: readonly (TopicPartition & { readonly offset: number; readonly maxBytes: number })[]
}

export interface ReadAnswer {
  readonly id: number
  readonly parts: readonly (ReadPart | { readonly error: WireError })[]
}

/** What one partition gave. */
export interface ReadPart {
  readonly chunks: readonly { readonly base: number; readonly count: number; readonly bytes: Uint8Array }[]
  readonly nextOffset: number
  readonly endOffset: number
}

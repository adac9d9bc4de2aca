/**
 * One event on its way: from having room to being stored, or failed.
 * @module
 */
import type { AppendRecord, TopicPartition } from '../transport/index.ts'

/** One partition of one topic, as the publisher knows it. */
export interface Partition {
  readonly topic: string
  readonly partition: number
  /** Entries that wait for the next try, in order; set while the partition is held back after a failure. */
  held: Entry[] | undefined
  /** Failed tries in a row. */
  failures: number
}

/** Where events of one type and lane go. */
export interface Destination {
  readonly stream: string
  readonly lane: string
  /** 0 is the most urgent. */
  readonly laneIndex: number
  readonly topic: string
  readonly partitions: readonly Partition[]
}

/** Where an event lies: a repeated one where its first does. */
export interface Stored extends TopicPartition {
  readonly offset: number
  readonly duplicate: boolean
}

/** Who wants to know what became of an entry. */
export interface Receiver {
  stored(entry: Entry, place: Stored): void
  failed(entry: Entry, error: Error): void
}

/** Entries that a `flush()` waits for: those that came before it. */
export interface Wave {
  open: number
  done: (() => void) | undefined
}

export interface Entry {
  readonly id: string
  readonly record: AppendRecord
  /** Counted against the limits: key, value and about what the headers take. */
  readonly bytes: number
  readonly destination: Destination
  readonly partition: Partition
  readonly receiver: Receiver
  /** The receiver's own number for it. */
  readonly index: number
  readonly wave: Wave
  /** `clock.monotonic()` when it got room. */
  readonly since: number
  /** `queued`: not with the log now. `sent`: in the append call under way. `settled`: the receiver knows. */
  state: 'queued' | 'sent' | 'settled'
  /** An earlier try ended without an answer: it may be stored already. */
  uncertain: boolean
}

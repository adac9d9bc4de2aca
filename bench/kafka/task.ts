/**
 * What one side of a comparison is asked to do, and what it answers. A side runs in a process of its own.
 * @module
 */

/** Publish `events` of 1 KiB, 1,000 keys in turn, all replicas in sync, idempotent. */
export interface PublishTask {
  readonly brokers: readonly string[]
  /** Of this side and round alone. */
  readonly app: string
  readonly topic: string
  readonly events: number
  /** Published before, not measured. */
  readonly warmUp: number
  /** How many wait for an answer at once, where events are published one by one. */
  readonly callers: number
}

export interface PublishFigures {
  /** Events per second, from the first call to the last answer. */
  readonly rate: number
  /** From a call to its answer, milliseconds; 0 where they are published in one call. */
  readonly p99Ms: number
}

/** Handle the first `events` of a topic that is filled. */
export interface ConsumeTask {
  readonly brokers: readonly string[]
  /** Whose topic it is. */
  readonly app: string
  readonly topic: string
  /** Of this side and round alone: nothing is committed in it. */
  readonly group: string
  readonly events: number
  /** The handler waits so long; 0: it is empty. */
  readonly handlerMs: number
  readonly concurrency: number
  /** The same once before, in another group, not measured. */
  readonly isWarm: boolean
  /** Of this round, removed afterwards. */
  readonly directory: string
}

export interface ConsumeFigures {
  /** Events per second, from the first handler to the last. */
  readonly rate: number
  /** The same, from the call that subscribes. */
  readonly rateSinceStart: number
  /** Most handlers at once. */
  readonly atOnce: number
}

/** A client, and what it can be asked for. */
export interface Side {
  /** One event a call. */
  publishSingle?(task: PublishTask): Promise<PublishFigures>
  /** Many events a call. */
  publishMany?(task: PublishTask): Promise<PublishFigures>
  consume?(task: ConsumeTask): Promise<ConsumeFigures>
}

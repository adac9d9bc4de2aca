/**
 * What clients and the rig write down of a run on a real cluster: one line of JSON for each happening.
 *
 * Where the words are those of the simulation's history (`test/support/history.ts`) they mean the same; here nothing is known but what a
 * client saw itself, and what the rig asked the cluster afterwards.
 * @module
 */
import type { Outcome } from '../../../support/history.ts'

/** What every line has. */
export interface Stamp {
  /** Milliseconds of the machine's monotonic clock, the same for all processes of the machine. */
  readonly t: number
  /** Wall-clock milliseconds since the epoch. */
  readonly wall: number
  /** The process: `worker-3`. A name is given to one run of one process. */
  readonly by: string
  readonly pid: number
}

export interface SubscriptionFacts {
  readonly name: string
  /** Attempts an event has before it is a dead letter. */
  readonly attempts: number
  readonly policy: 'continue' | 'park-key'
  /** Events that handlers have to do an effect of, once. */
  readonly effects: boolean
}

/** First line of the rig's file: what the checker has to know. */
export interface Facts {
  readonly what: 'facts'
  readonly subscriptions: readonly SubscriptionFacts[]
  /** A member not heard of for so long loses its partitions. Milliseconds. */
  readonly sessionMs: number
  /** How long after a fault ended everything that was published before has to be done. Milliseconds. */
  readonly drainMs: number
  /** Least events per second. */
  readonly leastRate: number
}

/** By a publisher. `id` is `<key>:<sequence>`: one publisher has a key, and numbers its events from 0. */
export type PublisherLine =
  | { readonly what: 'publish'; readonly id: string; readonly key: string; readonly sequence: number }
  /** Without a place when the log was not asked to say one (acks=0). */
  | { readonly what: 'acked'; readonly id: string; readonly at?: string; readonly offset?: number }
  | Each<'unknown' | 'failed', { readonly id: string; readonly code: string }>

/** By a worker. `at`: `topic/partition`. `run`: one handler call, numbered by its process. */
export type WorkerLine =
  | Each<'assigned' | 'revoked' | 'lost', { readonly subscription: string; readonly partitions: readonly string[] }>
  | ({
      readonly what: 'start'
      readonly run: number
      readonly subscription: string
      readonly id: string
      readonly key: string
      readonly sequence: number
      readonly attempt: number
    } & Place)
  /** The effect was done (`applied`), or had been done before. */
  | { readonly what: 'effect'; readonly run: number; readonly subscription: string; readonly applied: boolean }
  /** `failed`: as the event was made to. `unplanned`: in any other way. */
  | {
      readonly what: 'end'
      readonly run: number
      readonly subscription: string
      readonly outcome: Ending
      readonly error?: string
    }
  /** No attempt is left: a letter is about to be stored. */
  | ({
      readonly what: 'dead'
      readonly subscription: string
      readonly attempt: number
      readonly reason: string
    } & Place)
  | { readonly what: 'trouble'; readonly subscription: string; readonly doing: string; readonly code: string }
  /** It is about to kill itself. */
  | { readonly what: 'dying'; readonly where: string }

export type Ending = Exclude<Outcome, 'unrecoverable'> | 'unplanned'

export interface Place {
  readonly at: string
  readonly offset: number
}

/** By the rig. `process`: the `by` of another file. */
export type RigLine =
  | Facts
  /** The machine has time for less than the facts ask for. */
  | { readonly what: 'load'; readonly leastRate: number }
  /** `left`: it stopped by itself, when it was asked to. `gone`: it ended in any other way. */
  | Each<'stopping' | 'continued' | 'killing' | 'gone' | 'left', { readonly process: string }>
  /** `needs`: what has to happen before the run ends for the fault to have happened at all, and how often at least. */
  | { readonly what: 'fault begins'; readonly fault: string; readonly needs: Readonly<Record<string, number>> }
  | { readonly what: 'fault ends'; readonly fault: string }
  /** Everything published before the fault ended is done. `afterMs`: Infinity is written as null. */
  | { readonly what: 'drained'; readonly fault: string; readonly afterMs: number | null }
  /** Something about the cluster: `leader moved`, `controller moved`, `not writable`. */
  | { readonly what: 'seen'; readonly kind: string; readonly text?: string }
  /** A letter as it lies in the dead topic. */
  | ({
      readonly what: 'letter'
      readonly subscription: string
      readonly kind: string
      readonly reason: string
      readonly attempts: number
      readonly id: string
    } & Place)
  /** Committed positions. All letters stored before they were asked for have been told. */
  | {
      readonly what: 'positions'
      readonly subscription: string
      readonly committed: Readonly<Record<string, number>>
    }
  /** Rows that the effects of an event left in the database. */
  | { readonly what: 'rows'; readonly subscription: string; readonly id: string; readonly count: number }
  /** The load is over. */
  | { readonly what: 'finish'; readonly drained: boolean; readonly leftToDo?: string }

/** One line for each of several words. */
type Each<What extends string, More> = What extends string ? { readonly what: What } & More : never

export type Line = PublisherLine | WorkerLine | RigLine
export type Happening = Stamp & Line
export type LineOf<What extends Line['what']> = Extract<Happening, { readonly what: What }>

/** `topic/partition`, as lines name it. */
export function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

/**
 * Events: read as they come, one looked at, one sent.
 * @module
 */

/** As query parameters. */
export interface TailQuery {
  readonly stream?: string
  readonly lane?: string
  readonly type?: string
  readonly key?: string
  /** CEL on `event`: `event.data.total > 100.0`. Several: all must hold. Answered 400 when it does not compile. */
  readonly filter?: string | readonly string[]
  /** Begin with this many of the last events. Default 100. */
  readonly last?: number
}

export interface TailEvents {
  readonly events: readonly TailLine[]
  /** Events that matched and were left out, because more came than a person can read. */
  readonly skipped: number
}

export interface TailLine {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Stored at. */
  readonly at: number
  readonly stream: string
  readonly lane: string
  readonly type: string
  readonly id: string
  readonly key: string
  readonly source: string
  /** Payload with secrets masked; absent without the right to read it; cut where it is long (`cut`). */
  readonly data?: unknown
  readonly cut?: boolean
}

export interface EventView {
  readonly line: TailLine
  /** As CloudEvents JSON, masked; null when it cannot be decoded (`undecodable` says why). */
  readonly event: unknown
  readonly undecodable: string | null
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The record's value in base64; null without the right, or where a field is secret. */
  readonly raw: string | null
  readonly bytes: number
  /** Oldest first. */
  readonly story: readonly StoryStep[]
  /** W3C trace id, and where to see it (`--trace-url 'https://…/{traceId}'`). */
  readonly trace: { readonly id: string; readonly url: string | null } | null
  /** Events of the same key in the same partition around it, oldest first, itself among them. */
  readonly neighbours: readonly (TailLine & { readonly state: EventState })[]
}

export type EventState = 'waiting' | 'running' | 'retrying' | 'done' | 'dead' | 'parked' | 'unknown'

export interface StoryStep {
  readonly at: number | null
  readonly step:
    | 'accepted'
    | 'stored'
    | 'started'
    | 'failed'
    | 'retry'
    | 'done'
    | 'dead'
    | 'parked'
    | 'redriven'
    | 'discarded'
    | 'waiting'
  /** null: before any subscription. */
  readonly subscription: string | null
  readonly attempt: number | null
  /** One line for people. */
  readonly text: string
}

/** Publishes like any publisher. The schema is checked; problems name the field. */
export interface SendRequest {
  readonly type: string
  readonly data: unknown
  readonly key?: string
  readonly lane?: string
  readonly id?: string
}

export interface SendResult {
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

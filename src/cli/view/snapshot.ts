/**
 * What the live view knows at one moment: what `--json` prints, and what a frame is drawn from.
 * @module
 */

/** Times are milliseconds; a latency is null while there is no value. */
export interface Snapshot {
  readonly at: string
  readonly app: string
  readonly upMs: number
  readonly lanes: Readonly<Record<string, LaneNumbers>>
  readonly subscriptions: Readonly<Record<string, SubscriptionNumbers>>
  readonly failedPublishes: number
  readonly retries: number
  /** Where events are taken over HTTP; null where they are not (yet). */
  readonly gateway: string | null
  /** Where it is shown in a browser, with the token that lets in; null where it is not (yet). */
  readonly dashboard: string | null
}

export interface LaneNumbers {
  readonly published: number
  readonly handled: number
  readonly publishedPerSecond: number
  readonly handledPerSecond: number
  /** Publish to handler start, first attempts of the last ten seconds. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** Publish to handled, last ten seconds. */
  readonly totalP50Ms: number | null
  readonly totalP99Ms: number | null
  /** Records not committed yet, over all subscriptions; null until it was asked for. */
  readonly lag: number | null
  /** Keys that wait for a repeated attempt. */
  readonly waitingKeys: number
  /** Became dead letters since the start. */
  readonly deadLetters: number
}

export interface SubscriptionNumbers {
  readonly breaker: 'closed' | 'open' | 'half-open'
  readonly running: number
  readonly waitingKeys: number
  readonly parkedKeys: number
  readonly bufferedEvents: number
  readonly lag: number | null
  readonly handled: number
  /** Records passed over because their event was stored before. */
  readonly duplicates: number
  readonly retries: number
  readonly deadLetters: number
}

/** A line worth reading: something failed, or recovered. */
export interface Note {
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly kind: 'dead' | 'breaker' | 'retry' | 'trouble' | 'text'
  readonly text: string
}

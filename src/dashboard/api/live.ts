/**
 * Numbers of each second, and what happened.
 * @module
 */

export interface LiveHistory {
  /** Oldest first; at most the last 300. */
  readonly seconds: readonly LiveSecond[]
  readonly marks: readonly Mark[]
}

export interface LiveSecond {
  readonly at: number
  readonly lanes: Readonly<Record<string, LaneSecond>>
  readonly subscriptions: Readonly<Record<string, SubscriptionSecond>>
  /** Rates along the drawn graph. */
  readonly flows: readonly FlowSecond[]
  /** Answers of the gateway in this second by status code. */
  readonly gateway: Readonly<Record<string, number>>
}

export interface LaneSecond {
  readonly published: number
  readonly handled: number
  /** Publish to handler start, of events that started in this second. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** Events not done. */
  readonly lag: number | null
  /** Age of the oldest event that is not done, in seconds. */
  readonly lagSeconds: number | null
  /** Handled ÷ acknowledged, of what was acknowledged longer ago than the window and within the last minutes: 0..1. */
  readonly deliveryRate: number | null
  /** Events that became dead letters in this second; null where the application runs elsewhere, as in the fields below. */
  readonly dead: number | null
  readonly retries: number | null
}

export interface SubscriptionSecond {
  readonly handled: number
  readonly retries: number | null
  readonly running: number | null
  /** Keys that wait for a repeated attempt; elsewhere: as of the last commits. */
  readonly waitingKeys: number | null
  readonly parkedKeys: number | null
  readonly lag: number | null
  readonly lagSeconds: number | null
  /** Unresolved dead letters. */
  readonly deadLetters: number | null
  readonly breaker: 'closed' | 'open' | 'half-open' | null
  /** All of its lanes are. */
  readonly paused: boolean | null
}

export interface FlowSecond {
  readonly stream: string
  readonly lane: string
  /** null: published into the stream's lane. Otherwise handled by this subscription from it. */
  readonly subscription: string | null
  readonly perSecond: number
}

/** Something that happened, drawn on the plots. */
export interface Mark {
  readonly at: number
  readonly kind: 'deploy' | 'rebalance' | 'fault' | 'breaker' | 'redrive' | 'note'
  readonly text: string
}

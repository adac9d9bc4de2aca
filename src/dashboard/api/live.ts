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
  /** Events that became dead letters in this second. */
  readonly dead: number
  readonly retries: number
}

export interface SubscriptionSecond {
  readonly handled: number
  readonly retries: number
  readonly running: number
  readonly waitingKeys: number
  readonly parkedKeys: number
  readonly lag: number | null
  readonly lagSeconds: number | null
  /** Unresolved dead letters. */
  readonly deadLetters: number | null
  readonly breaker: 'closed' | 'open' | 'half-open'
  readonly paused: boolean
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

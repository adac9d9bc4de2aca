/**
 * Topics, groups, and what a plan would change.
 * @module
 */

export interface TopicsView {
  readonly brokers: readonly { readonly id: string; readonly address: string; readonly controller: boolean }[] | null
  readonly topics: readonly TopicView[]
  readonly groups: readonly GroupView[]
}

export interface TopicView {
  readonly name: string
  readonly kind: 'stream' | 'dead' | 'audit' | 'other'
  readonly stream: string | null
  readonly lane: string | null
  readonly partitions: readonly PartitionView[]
}

export interface PartitionView {
  readonly partition: number
  readonly earliest: number
  readonly end: number
  /** null where the log has none of these (embedded). */
  readonly leader: string | null
  readonly replicas: readonly string[] | null
  readonly inSync: readonly string[] | null
}

export interface GroupView {
  readonly group: string
  readonly subscription: string | null
  readonly members: readonly { readonly clientId: string; readonly partitions: number }[]
  readonly partitions: readonly {
    readonly topic: string
    readonly partition: number
    readonly committed: number
    readonly lag: number
    readonly lagSeconds: number | null
    readonly member: string | null
  }[]
}

export interface PlanView {
  /** Nothing differs. */
  readonly clean: boolean
  readonly steps: readonly { readonly kind: 'safe' | 'risky' | 'refused'; readonly text: string }[]
  readonly error: string | null
}

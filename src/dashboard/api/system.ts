/**
 * What application it is, and what this session may do.
 * @module
 */

export interface SystemView {
  readonly app: string
  readonly version: string
  /** `embedded log .veltrix`, `kafka broker-1:9092` */
  readonly place: string
  /** The application runs in the server's process: waiting times and pause are there. Otherwise only what the log knows. */
  readonly inProcess: boolean
  readonly readOnly: boolean
  /** What this session may do. */
  readonly rights: Rights
  /** Most urgent first. */
  readonly lanes: readonly string[]
  readonly streams: readonly StreamView[]
  readonly subscriptions: readonly SubscriptionView[]
  /** Where events are taken over HTTP; null: nowhere, as far as this process knows. */
  readonly gateway: string | null
  readonly now: number
}

export interface Rights {
  readonly read: true
  readonly readPayload: boolean
  readonly redrive: boolean
  readonly publish: boolean
  readonly pause: boolean
}

export interface StreamView {
  readonly name: string
  /** How the key is taken: `orderId`; null when a function takes it. */
  readonly key: string | null
  readonly partitions: number
  readonly topics: Readonly<Record<string, string>>
  readonly types: readonly TypeView[]
}

export interface TypeView {
  readonly type: string
  /** The lane it goes to when nothing else is said. */
  readonly lane: string
  /** JSON Schema of its payload; null where its schema cannot say. */
  readonly schema: unknown
  /** Paths of fields that are masked. */
  readonly secret: readonly string[]
}

export interface SubscriptionView {
  readonly name: string
  readonly types: readonly string[]
  readonly streams: readonly string[]
  readonly concurrency: number
  readonly attempts: number
  readonly onDeadLetter: 'continue' | 'park-key'
  readonly deadTopic: string
}

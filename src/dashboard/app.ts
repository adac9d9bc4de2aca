/**
 * What a dashboard looks at and acts on.
 * @module
 */
import type { CompiledConfig, PublishOptions, PublishResult } from '../config/index.ts'
import type { Log } from '../transport/index.ts'
import type { SubscriptionStatus } from '../worker/index.ts'

/** An `App` is one, started or not: what only its own process knows is there once it was started. */
export interface DashboardApp {
  readonly config: CompiledConfig
  open(): Promise<Log>
  publish(type: never, data: never, options?: PublishOptions): Promise<PublishResult>
  pause(subscription: never, options?: { lane?: never }): void
  resume(subscription: never, options?: { lane?: never }): void
  status(): readonly SubscriptionStatus[]
}

/** Somebody did something. */
export interface Act {
  readonly at: number
  readonly by: string
  /** `publish`, `pause`, `resume`, `mark`, `redrive`, `stop`, `discard`, `replace` */
  readonly act: string
  /** What it was done to. */
  readonly to: string
  readonly reason?: string
}

/** Whether the application runs in this process. */
export function runsHere(app: Pick<DashboardApp, 'status'>): boolean {
  return app.status().length > 0
}

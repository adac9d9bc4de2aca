/**
 * The worker: takes events by lane, keeps order by key, counts attempts, keeps dead letters, commits, drains.
 * @module
 */
export type { StagedEvent } from './staged-publishes.ts'
export { Worker, type DrainReport, type WorkerOptions } from './worker.ts'
export { Handlers, type AnyBatchHandler, type AnyHandler, type Middleware } from './handlers.ts'
export { AttemptContext, BatchAttemptContext, type PublishFromHandler, type WorkerObserver } from './context.ts'
export {
  decodeCommitState,
  encodeCommitState,
  keyHash,
  type CommitState,
  type OpenEntry,
  type StoredProgress,
} from './commit-state.ts'
export type { LaneStatus, SubscriptionStatus } from './status.ts'
export * from './errors.ts'

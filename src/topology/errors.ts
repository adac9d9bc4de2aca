/**
 * What can keep a plan from being made or applied.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** Thrown when the log cannot administer topologies. */
export class TopologyUnsupported extends VeltrixError {
  readonly code = 'VLX_TOPOLOGY_UNSUPPORTED'
  readonly retryable = false
  constructor(transport: string) {
    super(`The transport "${transport}" has no topologies to plan: it makes its topics when the application starts.`)
  }
}

/** Thrown when a record of the ledger is not what Veltrix writes. Nothing is changed then. */
export class LedgerUnreadable extends VeltrixError {
  readonly code = 'VLX_LEDGER_UNREADABLE'
  readonly retryable = false
  readonly topic: string
  readonly key: string
  constructor(topic: string, key: string, options?: ErrorOptions) {
    super(
      `The record "${key}" of the ledger ${topic} is no JSON: somebody else wrote it. Write an empty record with this key to take it back.`,
      options,
    )
    this.topic = topic
    this.key = key
  }
}

/** Thrown when a plan holds something dangerous or impossible (`!`), which is not applied. */
export class PlanBlocked extends VeltrixError {
  readonly code = 'VLX_PLAN_BLOCKED'
  readonly retryable = false
  readonly lines: readonly string[]
  constructor(lines: readonly string[]) {
    super(
      `The plan cannot be applied; settle first:\n${lines.map((line) => (line.startsWith(' ') ? `    ${line}` : `  ! ${line}`)).join('\n')}`,
    )
    this.lines = lines
  }
}

/** Thrown when a plan file does not fit any more: the cluster or the typed file has changed since it was made. */
export class PlanStale extends VeltrixError {
  readonly code = 'VLX_PLAN_STALE'
  readonly retryable = false
  readonly differences: readonly string[]
  constructor(differences: readonly string[]) {
    super(
      `The plan does not fit any more, nothing was changed. Since it was made:\n${differences.map((line) => `  - ${line}`).join('\n')}\nMake a new one: veltrix plan --out <file>.`,
    )
    this.differences = differences
  }
}

/** Thrown when a file is no plan, or was made by another version. */
export class PlanUnreadable extends VeltrixError {
  readonly code = 'VLX_PLAN_UNREADABLE'
  readonly retryable = false
}

/** Thrown when somebody else applies a plan of the same application. */
export class PlanLocked extends VeltrixError {
  readonly code = 'VLX_PLAN_LOCKED'
  readonly retryable = true
  /** Who holds it: `app@host:pid`. */
  readonly holder: string | undefined
  /** ISO 8601; undefined when the holder has not said so yet. */
  readonly since: string | undefined
  constructor(holder: string | undefined, since: string | undefined) {
    const who = holder === undefined ? 'Somebody else' : holder
    super(
      `${who} applies a plan of this application${since === undefined ? '' : ` since ${since}`}. Wait until it has ended; of a process that died the lock frees itself within its session time-out (--lock-timeout 60s waits for it).`,
    )
    this.holder = holder
    this.since = since
  }
}

/** Thrown when the lock was lost while a plan was applied: what was done is done, the rest is not begun. */
export class PlanLockLost extends VeltrixError {
  readonly code = 'VLX_PLAN_LOCK_LOST'
  readonly retryable = true
  constructor(options?: ErrorOptions) {
    super(
      'The lock was lost while the plan was applied (this process was not heard of for too long). What was done is done; apply again for the rest.',
      options,
    )
  }
}

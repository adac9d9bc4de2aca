/**
 * The inbox: the record of effects already done, kept in the same transaction as the effects themselves.
 * No row, no effect; no effect, no row. Where this ends: an effect outside `tx` (a mail, a call to another service)
 * is not part of the transaction and happens at least once.
 * @module
 */

/** One effect of one event. Rows are told apart by all four of subscription, source, id and effect. */
export interface InboxEntry {
  readonly subscription: string
  /** CloudEvents source and id of the event. */
  readonly source: string
  readonly id: string
  /** Name of the effect inside its handler; empty for the only one. */
  readonly effect: string
  /** How long the effect is remembered at least, milliseconds from `now`. */
  readonly windowMs: number
  /** Wall-clock milliseconds. */
  readonly now: number
}

export interface OnceResult<T> {
  /** True when this call ran the effect; false when it had been done before. */
  readonly applied: boolean
  /**
   * What the effect returned. When it had been done before: what it returned then, as JSON reads it back (dates are texts);
   * absent when that was not JSON or larger than 64 KiB.
   */
  readonly value?: T
}

/**
 * Where effects are remembered. Inside the window an effect is done once, whatever repeats its event; a row older than its window may be
 * pruned at any time, and until then still counts.
 */
export interface InboxStore<Tx> {
  /** Makes its table when missing. Idempotent. @throws InboxUnavailable */
  open(): Promise<void>
  /**
   * Runs the effect and remembers it, in one transaction, unless it is remembered already. Of two calls with one entry at the same time
   * one runs; the other waits for it, then finds it done, or runs when the first failed.
   * What the effect throws passes through, after everything was rolled back.
   * @throws InboxUnavailable (the database's trouble, nothing was done or it is not known), InboxNested, the effect's own error
   */
  once<T>(entry: InboxEntry, run: (tx: Tx) => T | Promise<T>): Promise<OnceResult<T>>
  /** Removes rows whose window has ended, in small steps. It also happens by itself, a step at every 1,000th effect. Resolves to how many. */
  prune(now: number): Promise<number>
  /** Waits for running effects; what was handed in (a connection, a pool) stays open. Idempotent. */
  close(): Promise<void>
}

/** Effects between two steps of pruning on the way, and rows of one step: pruning keeps ahead of what comes in. */
export const pruneEvery = 1000
export const pruneStep = 2000

/**
 * Errors of the worker, and the two with which a handler steers what happens next.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** Thrown when a handler is registered or started wrongly: unknown subscription or type, twice the same, missing, wrong batch result. */
export class HandlerInvalid extends VeltrixError {
  readonly code = 'VLX_HANDLER_INVALID'
  readonly retryable = false
}

/** Given as the abort reason of `ctx.signal`, and as the attempt's failure, when a handler takes longer than its subscription's `timeout`. */
export class HandlerTimeout extends VeltrixError {
  readonly code = 'VLX_HANDLER_TIMEOUT'
  readonly retryable = true
  readonly timeoutMs: number
  constructor(timeoutMs: number, options?: ErrorOptions) {
    super(
      `The handler did not finish within ${timeoutMs} ms. Pass ctx.signal on to what it waits for, or raise the subscription's "timeout".`,
      options,
    )
    this.timeoutMs = timeoutMs
  }
}

/** Given as the abort reason of `ctx.signal` when the partition is taken away or the worker stops: the attempt does not count. */
export class HandlerInterrupted extends VeltrixError {
  readonly code = 'VLX_HANDLER_INTERRUPTED'
  readonly retryable = true
}

/**
 * Thrown when a handler of a subscription with `exactlyOnce` has returned already and calls `ctx.publish`; given as the attempt's failure
 * when it returned while an event it publishes was still being checked. What is published after the end could belong to no commit.
 */
export class HandlerEnded extends VeltrixError {
  readonly code = 'VLX_HANDLER_ENDED'
  readonly retryable = false
  readonly subscription: string
  constructor(subscription: string) {
    super(
      `A handler of subscription "${subscription}" returned before what it publishes was taken: with exactlyOnce it belongs to the handler's event. Await ctx.publish before returning.`,
    )
    this.subscription = subscription
  }
}

/** Thrown when a subscription with `exactlyOnce` is started on a log without transactions. */
export class ExactlyOnceUnsupported extends VeltrixError {
  readonly code = 'VLX_EXACTLY_ONCE_UNSUPPORTED'
  readonly retryable = false
  readonly subscription: string
  constructor(subscription: string) {
    super(
      `Subscription "${subscription}" has exactlyOnce, and this transport cannot store records together with a commit (features.transactions). Take it out and make the effects idempotent, or use another transport.`,
    )
    this.subscription = subscription
  }
}

/** Thrown when a handler calls `ctx.once` and the application was made without an inbox. */
export class InboxMissing extends VeltrixError {
  readonly code = 'VLX_INBOX_MISSING'
  readonly retryable = false
  readonly subscription: string
  constructor(subscription: string) {
    super(
      `A handler of subscription "${subscription}" called ctx.once, and there is no inbox. Hand one in: veltrix(config, { inbox: sqliteInbox({ path }) }).`,
    )
    this.subscription = subscription
  }
}

/**
 * Thrown BY a handler to say that no further attempt can help: the event becomes a dead letter at once.
 * @example throw new Unrecoverable('no such customer', { cause: error })
 */
export class Unrecoverable extends VeltrixError {
  readonly code = 'VLX_UNRECOVERABLE'
  readonly retryable = false
}

/**
 * Thrown BY a handler to say when to try again, in place of the subscription's backoff. The attempt counts.
 * @example throw new RetryAfter(30_000)
 */
export class RetryAfter extends VeltrixError {
  readonly code = 'VLX_RETRY_AFTER'
  readonly retryable = true
  /** Milliseconds from now until the next attempt; below 0 or not a number counts as 0, at most a day. */
  readonly delayMs: number
  constructor(delayMs: number, message?: string, options?: ErrorOptions) {
    super(message ?? `Try again in ${delayMs} ms.`, options)
    this.delayMs = Number.isFinite(delayMs) ? Math.min(Math.max(delayMs, 0), 86_400_000) : 0
  }
}

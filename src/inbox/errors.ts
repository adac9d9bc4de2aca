/**
 * Errors of effects once.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/**
 * Thrown when the inbox's database cannot be reached, is locked for too long, or did not commit. Nothing of the effect is stored,
 * or (when the commit's answer was lost) all of it; calling again finds out.
 */
export class InboxUnavailable extends VeltrixError {
  readonly code = 'VLX_INBOX_UNAVAILABLE'
  readonly retryable = true
  constructor(doing: string, problem: string, options?: ErrorOptions) {
    super(`The inbox cannot ${doing}: ${problem}. The effect is not lost: the event is tried again.`, options)
  }
}

/** Thrown when an effect calls `once` of the same inbox: it would wait for itself. Give the handler two effects, one after the other. */
export class InboxNested extends VeltrixError {
  readonly code = 'VLX_INBOX_NESTED'
  readonly retryable = false
  constructor(effect: string) {
    super(
      `once(${JSON.stringify(effect)}) was called inside another effect of the same inbox. Use that effect's transaction, or call once after it, under another name.`,
    )
  }
}

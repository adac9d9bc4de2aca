/**
 * Errors of dead letters by hand.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** Thrown when an id names no unresolved letter of the subscription: never kept, resolved already, or removed by retention. */
export class DeadLetterUnknown extends VeltrixError {
  readonly code = 'VLX_DEAD_LETTER_UNKNOWN'
  readonly retryable = false
  readonly subscription: string
  readonly id: string
  constructor(subscription: string, id: string, problem = 'there is no unresolved dead letter with this id') {
    super(
      `Dead letter "${id}" of subscription "${subscription}": ${problem}. List the letters to see what there is; the audit says what became of one that is gone.`,
    )
    this.subscription = subscription
    this.id = id
  }
}

/** Thrown (or given as a letter's result) when a letter waits behind an earlier one of its key: doing it first would break the key's order. */
export class DeadLetterBehindParked extends VeltrixError {
  readonly code = 'VLX_DEAD_LETTER_BEHIND_PARKED'
  readonly retryable = false
  readonly id: string
  /** The earliest letter of the key that is in the way. */
  readonly head: string
  constructor(id: string, head: string) {
    super(
      `Dead letter "${id}" waits behind "${head}", an earlier event of its key. Redrive or discard "${head}" first, or select both.`,
    )
    this.id = id
    this.head = head
  }
}

/** Thrown when a call names a subscription that does not exist, or an option is missing or out of range. Nothing was done. */
export class DeadLetterRequestInvalid extends VeltrixError {
  readonly code = 'VLX_DEAD_LETTER_REQUEST_INVALID'
  readonly retryable = false
  /** The option's name. */
  readonly field: string
  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`)
    this.field = field
  }
}

/**
 * Errors of the command line.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** Thrown when the command line cannot be understood. The message says what to write instead. */
export class UsageInvalid extends VeltrixError {
  readonly code = 'VLX_USAGE'
  readonly retryable = false
}

/** Thrown when no app (or typed file) is found where it was looked for, or the module found exports none. */
export class AppNotFound extends VeltrixError {
  readonly code = 'VLX_CONFIG_NOT_FOUND'
  readonly retryable = false
  /** Where it was looked, as full paths. */
  readonly looked: readonly string[]
  constructor(message: string, looked: readonly string[], options?: ErrorOptions) {
    super(message, options)
    this.looked = looked
  }
}

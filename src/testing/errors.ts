/**
 * Errors of the test kit.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** Thrown when what a test waits for did not happen in time. The message lists what did happen. */
export class NotSeen extends VeltrixError {
  readonly code = 'VLX_TEST_NOT_SEEN'
  readonly retryable = false
}

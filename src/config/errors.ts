/**
 * What can be wrong with the typed file.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** One thing wrong in the typed file. */
export interface ConfigProblem {
  /** Where: `streams.orders.events["order.placed"].lane`; empty for the file as a whole. */
  readonly path: string
  /** The value found, what is wrong with it, what is allowed. */
  readonly message: string
}

/** Thrown when the typed file is wrong. Lists everything that is, not only the first thing found. */
export class ConfigInvalid extends VeltrixError {
  readonly code = 'VLX_CONFIG_INVALID'
  readonly retryable = false
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ path, message }) => `  - ${path === '' ? '' : `${path}: `}${message}`)
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${lines.join('\n')}`,
    )
    this.problems = problems
  }
}

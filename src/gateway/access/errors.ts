/**
 * Why rights cannot be used as they are written, or who calls cannot be found out.
 * @module
 */
import type { ConfigProblem } from '../../config/index.ts'
import { VeltrixError } from '../../errors.ts'

/** Thrown when the option `access` of a gateway is wrong. Lists everything that is; never shows a secret. */
export class AccessInvalid extends VeltrixError {
  readonly code = 'VLX_GATEWAY_ACCESS'
  readonly retryable = false
  /** `path` names the field: `keys.till.hash`. */
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ path, message }) => `  - ${path === '' ? '' : `${path}: `}${message}`)
    super(
      `Who may use the gateway is written with ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${lines.join('\n')}`,
    )
    this.problems = problems
  }
}

/** Thrown when the keys that tokens are signed with cannot be loaded. The client gets 503: its token may be good. */
export class KeySetUnavailable extends VeltrixError {
  readonly code = 'VLX_GATEWAY_KEYS_UNAVAILABLE'
  readonly retryable = true
  /** Where the keys are looked for. */
  readonly url: string

  constructor(url: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(`The keys of tokens at ${url} cannot be loaded: ${reason}. Tokens are refused with 503 until they can.`, {
      cause,
    })
    this.url = url
  }
}

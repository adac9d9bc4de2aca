/**
 * Why a gateway does not start, or does not take a request.
 * @module
 */
import { VeltrixError } from '../errors.ts'
import type { EventIssue } from '../event/index.ts'
import { problemTypes, type ProblemName } from './problems.ts'

/** Thrown when a gateway is to listen where others can reach it, while it has no `access` and so does not check who publishes. */
export class GatewayExposed extends VeltrixError {
  readonly code = 'VLX_GATEWAY_EXPOSED'
  readonly retryable = false
  readonly host: string

  constructor(host: string) {
    super(
      `The gateway does not check who publishes, so it does not listen on ${JSON.stringify(host)}, which others may reach. ` +
        'Say who may (`access`, or --access <file>), or let it listen on 127.0.0.1, ::1 or localhost.',
    )
    this.host = host
  }
}

/** Thrown when a gateway cannot listen at its address; `cause` is the system's error. */
export class GatewayAddressInvalid extends VeltrixError {
  readonly code = 'VLX_GATEWAY_ADDRESS'
  readonly retryable = false
  readonly host: string
  readonly port: number

  constructor(host: string, port: number, cause: unknown) {
    const { code } = cause as { code?: unknown }
    const reason =
      code === 'EADDRINUSE'
        ? 'something listens there already: end it, or choose another port (0 takes a free one)'
        : `${cause instanceof Error ? cause.message : String(cause)}. Choose another host or port`
    super(`The gateway cannot listen on ${host} port ${port}: ${reason}.`, { cause })
    this.host = host
    this.port = port
  }
}

/** Thrown when an option of a gateway has a value it cannot have. */
export class GatewayOptionInvalid extends VeltrixError {
  readonly code = 'VLX_GATEWAY_OPTION'
  readonly retryable = false
  /** Its path: `maxBodyBytes`, `rateLimits.bulk.burst`. */
  readonly option: string

  constructor(option: string, problem: string) {
    super(`The gateway's option ${option} ${problem}.`)
    this.option = option
  }
}

/** Thrown when a request cannot be taken as events. The client gets `problem`. */
export class RequestRefused extends VeltrixError {
  readonly code = 'VLX_REQUEST_REFUSED'
  readonly retryable = false
  readonly problem: ProblemName
  /** HTTP status. */
  readonly status: number
  readonly issues: readonly EventIssue[]

  constructor(problem: ProblemName, detail: string, issues: readonly EventIssue[] = [], options?: ErrorOptions) {
    const listed = issues.map(({ path, message }) => `${path}: ${message}`).join('; ')
    super(listed === '' ? detail : `${detail} ${listed}.`, options)
    this.problem = problem
    this.status = problemTypes[problem].status
    this.issues = issues
  }
}

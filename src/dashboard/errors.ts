/**
 * Why a dashboard does not start, or does not do what is asked.
 * @module
 */
import { VeltrixError } from '../errors.ts'
import { problemTypes, type ProblemName } from './problems.ts'

/** Thrown when a dashboard is to listen where others can reach it, while it has no `access` and so does not know who looks. */
export class DashboardExposed extends VeltrixError {
  readonly code = 'VLX_DASHBOARD_EXPOSED'
  readonly retryable = false
  readonly host: string

  constructor(host: string) {
    super(
      `The dashboard has no rights to go by, so it does not listen on ${JSON.stringify(host)}, which others may reach. ` +
        'Say who may do what (`access`, or --access <file>), or let it listen on 127.0.0.1, ::1 or localhost.',
    )
    this.host = host
  }
}

/** Thrown when a dashboard cannot listen at its address; `cause` is the system's error. */
export class DashboardAddressInvalid extends VeltrixError {
  readonly code = 'VLX_DASHBOARD_ADDRESS'
  readonly retryable = false
  readonly host: string
  readonly port: number

  constructor(host: string, port: number, cause: unknown) {
    const { code } = cause as { code?: unknown }
    const reason =
      code === 'EADDRINUSE'
        ? 'something listens there already: end it, or choose another port (0 takes a free one)'
        : `${cause instanceof Error ? cause.message : String(cause)}. Choose another host or port`
    super(`The dashboard cannot listen on ${host} port ${port}: ${reason}.`, { cause })
    this.host = host
    this.port = port
  }
}

/** Thrown when an option of a dashboard has a value it cannot have. */
export class DashboardOptionInvalid extends VeltrixError {
  readonly code = 'VLX_DASHBOARD_OPTION'
  readonly retryable = false
  readonly option: string

  constructor(option: string, problem: string) {
    super(`The dashboard's option ${option} ${problem}.`)
    this.option = option
  }
}

/** Thrown when the dashboard's server does not do what a request asks. The client gets `problem`. */
export class DashboardRefused extends VeltrixError {
  readonly code = 'VLX_DASHBOARD_REFUSED'
  readonly retryable = false
  readonly problem: ProblemName
  /** HTTP status. */
  readonly status: number

  constructor(problem: ProblemName, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.problem = problem
    this.status = problemTypes[problem].status
  }
}

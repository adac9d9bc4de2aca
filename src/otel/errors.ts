/**
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** Thrown when the packages of OpenTelemetry that OTLP needs are not installed. */
export class TelemetryPackageMissing extends VeltrixError {
  readonly code = 'VLX_TELEMETRY_PACKAGE'
  readonly retryable = false
  readonly package: string

  constructor(name: string, all: readonly string[], options?: ErrorOptions) {
    super(`OTLP needs the package ${name}, which is not installed. Run "npm install ${all.join(' ')}".`, options)
    this.package = name
  }
}

/** Thrown when an option of `telemetry()`, or a variable of the environment it reads, cannot be used. */
export class TelemetryOptionInvalid extends VeltrixError {
  readonly code = 'VLX_TELEMETRY_OPTION'
  readonly retryable = false
  readonly option: string

  constructor(option: string, problem: string) {
    super(`${option} ${problem}`)
    this.option = option
  }
}

/** Thrown when Prometheus' page cannot be served where it is to be: the port is taken, or the address is not this machine's. */
export class TelemetryAddressInvalid extends VeltrixError {
  readonly code = 'VLX_TELEMETRY_ADDRESS'
  readonly retryable = true
  readonly host: string
  readonly port: number

  constructor(host: string, port: number, cause: unknown) {
    super(`Metrics cannot be served on ${host}:${port}: ${String(cause)}. Take another port; 0 takes a free one.`, {
      cause,
    })
    this.host = host
    this.port = port
  }
}

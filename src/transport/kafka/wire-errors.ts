/**
 * Errors on their way between threads: what structured cloning would lose (class, code) is kept.
 * @module
 */
import { Fenced, LogClosed, LogUnavailable, LogUnwritable, LogVersionMismatch, MetadataTooLarge } from '../index.ts'

/** An error as plain values. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly cause?: string
}

export function toWire(error: unknown): WireError {
  const { code, message, cause } = error as Partial<Error> & { code?: string }
  const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined
  if (code !== undefined && code in makers) return { code, message: String(message), cause: said }
  return { code: 'VLX_LOG_UNAVAILABLE', message: String(message ?? error), cause: said }
}

/** The error again, as an instance of its class. */
export function fromWire({ code, message, cause }: WireError): Error {
  const options = cause === undefined ? undefined : { cause: new Error(cause) }
  const make = makers[code] ?? makers['VLX_LOG_UNAVAILABLE']!
  return make(message, options)
}

const makers: Record<string, (message: string, options?: ErrorOptions) => Error> = {
  VLX_FENCED: (message, options) => new Fenced(message, options),
  VLX_LOG_CLOSED: (message, options) => new LogClosed(message, options),
  VLX_LOG_UNAVAILABLE: (message, options) => new LogUnavailable(message, options),
  VLX_LOG_UNWRITABLE: (message, options) => new LogUnwritable(message, options),
  VLX_LOG_VERSION: (message, options) => new LogVersionMismatch(message, options),
  VLX_METADATA_TOO_LARGE: (message, options) => new MetadataTooLarge(message, options),
}

/**
 * Errors on their way between threads: what structured cloning would lose (class, code) is kept.
 * @module
 */
import {
  Fenced,
  InstanceIdTaken,
  LogClosed,
  LogUnavailable,
  LogUnwritable,
  LogVersionMismatch,
  MetadataTooLarge,
  NotAuthenticated,
  NotAuthorized,
  RecordTooLarge,
  TopicUnknown,
} from '../index.ts'

/** An error as plain values. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly cause?: string
  /** Its own fields, as texts. */
  readonly fields?: Readonly<Record<string, string>>
}

export function toWire(error: unknown): WireError {
  const { code, message, cause, name: _name, ...fields } = error as Partial<Error> & { code?: string }
  const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined
  if (code !== undefined && code in makers) {
    const plain = Object.entries(fields).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    const texts = Object.fromEntries(plain.map(([name, value]) => [name, String(value)]))
    return { code, message: String(message), cause: said, fields: texts }
  }
  return { code: 'VLX_LOG_UNAVAILABLE', message: String(message ?? error), cause: said }
}

/** The error again, as an instance of its class. */
export function fromWire({ code, message, cause, fields = {} }: WireError): Error {
  const options = cause === undefined ? undefined : { cause: new Error(cause) }
  const make = makers[code] ?? makers['VLX_LOG_UNAVAILABLE']!
  const error = make(message, options, fields)
  // Classes that compose their message from fields compose it again; what was said first holds.
  if (error.message !== message) Object.defineProperty(error, 'message', { value: message })
  return error
}

type Fields = Readonly<Record<string, string>>

const makers: Record<string, (message: string, options: ErrorOptions | undefined, fields: Fields) => Error> = {
  VLX_FENCED: (message, options) => new Fenced(message, options),
  VLX_INSTANCE_ID_TAKEN: (message, options) => new InstanceIdTaken(message, options),
  VLX_LOG_CLOSED: (message, options) => new LogClosed(message, options),
  VLX_LOG_UNAVAILABLE: (message, options) => new LogUnavailable(message, options),
  VLX_LOG_UNWRITABLE: (message, options) => new LogUnwritable(message, options),
  VLX_LOG_VERSION: (message, options) => new LogVersionMismatch(message, options),
  VLX_METADATA_TOO_LARGE: (message, options) => new MetadataTooLarge(message, options),
  VLX_NOT_AUTHENTICATED: (message, options) => new NotAuthenticated(message, options),
  VLX_NOT_AUTHORIZED: (message, options, { resource = '', resourceName = '', operation = '' }) =>
    new NotAuthorized(message, resource, resourceName, operation, options),
  VLX_RECORD_TOO_LARGE: (message, _, { bytes, limitBytes }) =>
    new RecordTooLarge(Number(bytes), Number(limitBytes), message),
  VLX_TOPIC_UNKNOWN: (_, options, { topic = '' }) => new TopicUnknown(topic, options),
}

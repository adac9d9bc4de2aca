/**
 * Errors on their way between threads and processes: what structured cloning would lose (class, code, fields) is kept.
 * @module
 */
import {
  Fenced,
  LogClosed,
  LogCorrupted,
  LogFull,
  LogUnavailable,
  LogUnwritable,
  LogVersionMismatch,
  MetadataTooLarge,
  OffsetOutOfRange,
  TopicMismatch,
  TopicUnknown,
} from '../index.ts'

/** An error as plain values. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly fields: Readonly<Record<string, string | number>>
  readonly cause?: string
}

/** Plain values of `error`; one that is no error of ours becomes VLX_LOG_UNAVAILABLE, which is what it means to the caller. */
export function toWire(error: unknown): WireError {
  const shape = error as Partial<Error> & Record<string, unknown>
  const fields: Record<string, string | number> = {}
  for (const name of ['file', 'topic', 'existing', 'wanted', 'problem']) {
    const value = shape[name]
    if (typeof value === 'string' || typeof value === 'number') fields[name] = value
  }
  const cause = shape.cause instanceof Error ? `${shape.cause.name}: ${shape.cause.message}` : undefined
  const known = typeof shape.code === 'string' && shape.code in makers
  const message = known ? String(shape.message) : `The log failed unexpectedly: ${shape.stack ?? String(error)}`
  return { code: known ? String(shape.code) : 'VLX_LOG_UNAVAILABLE', message, fields, cause }
}

/** The error again, as an instance of its class. */
export function fromWire(wire: WireError): Error {
  const options = wire.cause === undefined ? undefined : { cause: new Error(wire.cause) }
  const make = makers[wire.code] ?? makers['VLX_LOG_UNAVAILABLE']!
  const error = make(wire, options)
  // Classes that compose their message from fields compose it again; what was said first holds.
  if (error.message !== wire.message) Object.defineProperty(error, 'message', { value: wire.message })
  return error
}

const makers: Record<string, (wire: WireError, options?: ErrorOptions) => Error> = {
  VLX_LOG_CLOSED: (wire, options) => new LogClosed(wire.message, options),
  VLX_LOG_CORRUPTED: (wire, options) => new LogCorrupted(String(wire.fields['file']), wire.message, options),
  VLX_LOG_FULL: (wire, options) => new LogFull(wire.message, options),
  VLX_LOG_UNAVAILABLE: (wire, options) => new LogUnavailable(wire.message, options),
  VLX_LOG_UNWRITABLE: (wire, options) => new LogUnwritable(wire.message, options),
  VLX_LOG_VERSION: (wire, options) => new LogVersionMismatch(wire.message, options),
  VLX_TOPIC_UNKNOWN: (wire, options) => new TopicUnknown(String(wire.fields['topic']), options),
  VLX_TOPIC_MISMATCH: (wire) =>
    new TopicMismatch(String(wire.fields['topic']), Number(wire.fields['existing']), Number(wire.fields['wanted'])),
  VLX_OFFSET_OUT_OF_RANGE: (wire, options) => new OffsetOutOfRange(wire.message, options),
  VLX_FENCED: (wire, options) => new Fenced(wire.message, options),
  VLX_METADATA_TOO_LARGE: (wire, options) => new MetadataTooLarge(wire.message, options),
}

/**
 * The base of every error Veltrix throws, and the one list of codes.
 * Each room declares its own classes in `<room>/errors.ts`; a test holds this list, the classes and
 * `docs/errors.md` equal in both directions.
 * @module
 */

/** Every code an error of Veltrix can carry. `docs/errors.md` says for each what to do. */
export const errorCodes = [
  // config
  'VLX_CONFIG_INVALID',
  'VLX_CONFIG_NOT_FOUND',
  // event
  'VLX_EVENT_INVALID',
  'VLX_EVENT_TOO_LARGE',
  'VLX_EVENT_UNKNOWN_TYPE',
  'VLX_ENVELOPE_INVALID',
  // publisher
  'VLX_PUBLISHER_OVERLOADED',
  'VLX_PUBLISHER_CLOSED',
  'VLX_PUBLISH_UNKNOWN',
  'VLX_ID_CONFLICT',
  // transport
  'VLX_LOG_CLOSED',
  'VLX_LOG_CORRUPTED',
  'VLX_LOG_FULL',
  'VLX_LOG_UNAVAILABLE',
  'VLX_LOG_UNWRITABLE',
  'VLX_LOG_VERSION',
  'VLX_NOT_AUTHENTICATED',
  'VLX_NOT_AUTHORIZED',
  'VLX_TOPIC_UNKNOWN',
  'VLX_TOPIC_MISMATCH',
  'VLX_TOPICS_MISSING',
  'VLX_RECORD_TOO_LARGE',
  'VLX_OFFSET_OUT_OF_RANGE',
  'VLX_FENCED',
  'VLX_INSTANCE_ID_TAKEN',
  'VLX_METADATA_TOO_LARGE',
  // worker
  'VLX_HANDLER_INVALID',
  'VLX_HANDLER_TIMEOUT',
  'VLX_HANDLER_INTERRUPTED',
  'VLX_HANDLER_ENDED',
  'VLX_EXACTLY_ONCE_UNSUPPORTED',
  'VLX_UNRECOVERABLE',
  'VLX_RETRY_AFTER',
  // inbox
  'VLX_INBOX_MISSING',
  'VLX_INBOX_UNAVAILABLE',
  'VLX_INBOX_NESTED',
  // dead letters
  'VLX_DEAD_LETTER_UNKNOWN',
  'VLX_DEAD_LETTER_BEHIND_PARKED',
  'VLX_DEAD_LETTER_REQUEST_INVALID',
  // gateway
  'VLX_GATEWAY_EXPOSED',
  'VLX_GATEWAY_ADDRESS',
  'VLX_GATEWAY_ACCESS',
  'VLX_GATEWAY_KEYS_UNAVAILABLE',
  'VLX_GATEWAY_OPTION',
  'VLX_REQUEST_REFUSED',
  // dashboard
  'VLX_DASHBOARD_EXPOSED',
  'VLX_DASHBOARD_ADDRESS',
  'VLX_DASHBOARD_OPTION',
  'VLX_DASHBOARD_REFUSED',
  // client
  'VLX_GATEWAY_REFUSED',
  'VLX_GATEWAY_UNREACHABLE',
  'VLX_CLIENT_FULL',
  // telemetry
  'VLX_TELEMETRY_PACKAGE',
  'VLX_TELEMETRY_OPTION',
  'VLX_TELEMETRY_ADDRESS',
  // topologies
  'VLX_TOPOLOGY_UNSUPPORTED',
  'VLX_LEDGER_UNREADABLE',
  'VLX_PLAN_BLOCKED',
  'VLX_PLAN_STALE',
  'VLX_PLAN_UNREADABLE',
  'VLX_PLAN_LOCKED',
  'VLX_PLAN_LOCK_LOST',
  // composition and command line
  'VLX_ALREADY_STARTED',
  'VLX_USAGE',
  // clusters for development
  'VLX_CLUSTER_TOOL_MISSING',
  'VLX_CLUSTER_DOWNLOAD',
  'VLX_CLUSTER_PORT_TAKEN',
  'VLX_CLUSTER_NODE_FAILED',
  'VLX_CLUSTER_UP',
  'VLX_CLUSTER_DOWN',
  'VLX_CLUSTER_DIFFERS',
  // test kit
  'VLX_TEST_NOT_SEEN',
] as const

export type ErrorCode = (typeof errorCodes)[number]

const brand = Symbol.for('veltrix.error')

/**
 * What all errors of Veltrix have in common. `message` names the field or thing, the problem and the way out.
 * Recognise errors by `code` (or by class where both sides load the same copy of the package).
 */
export abstract class VeltrixError extends Error {
  abstract readonly code: ErrorCode
  /** True when doing the same thing again later can succeed without anybody changing anything. */
  abstract readonly retryable: boolean
  readonly [brand] = true

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Whether `value` is an error of Veltrix, also across two loaded copies of the package. */
export function isVeltrixError(value: unknown): value is VeltrixError {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true
}

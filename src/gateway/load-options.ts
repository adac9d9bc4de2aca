/**
 * What a gateway takes at once, and for how long it waits: the options, their defaults, and what they may be.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import { GatewayOptionInvalid } from './errors.ts'
import type { RateLimits } from './rate-limits.ts'

export interface LoadOptions {
  /** Largest body, as it is sent and as it is inflated to, bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number
  /** How many times as large as it was sent a compressed body may become, beyond its first 64 KiB. Default 100. */
  readonly maxInflation?: number
  /** Events of one batch. Default 1,000. */
  readonly maxBatchEvents?: number
  /** Fields of objects and entries of lists in one event. Default 10,000. */
  readonly maxEventValues?: number
  /** Events being stored at once. Default 10,000. */
  readonly maxInFlightEvents?: number
  /** What all requests that are being read or stored may hold: their bodies, and 40 for each mark of JSON in them. Bytes. Default 256 MiB. */
  readonly maxInFlightBytes?: number
  /** Part of `maxInFlightEvents` and `maxInFlightBytes` that only the most urgent lane may take, 0..1. Default 0.1. */
  readonly urgentReserve?: number
  /** Connections at once; more are closed as they come. Default 10,000. */
  readonly maxConnections?: number
  /** Headers that have not arrived by then: the connection is closed. Milliseconds. Default 10,000, at most `requestTimeoutMs`. */
  readonly headersTimeoutMs?: number
  /** A request that has not arrived by then is cut off, milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** How long a connection may be idle between two requests. Longer than the balancer keeps it. Milliseconds. Default 72,000. */
  readonly keepAliveTimeoutMs?: number
  /** With events on their way to the log and no answer of it for so long, new ones are refused at once. Milliseconds. Default 2,000. */
  readonly logStallMs?: number
  /** What one publisher may send of a lane; by the lane's name. Default none. */
  readonly rateLimits?: RateLimits
  /**
   * Proxies (addresses or networks) whose `X-Forwarded-For` is believed, for `rateLimits` by address: what others say there plays no part.
   * Default none.
   */
  readonly trustedProxies?: readonly string[]
}

export const loadDefaults: Required<LoadOptions> = {
  maxBodyBytes: 4 * 1024 * 1024,
  maxInflation: 100,
  maxBatchEvents: 1_000,
  maxEventValues: 10_000,
  maxInFlightEvents: 10_000,
  maxInFlightBytes: 256 * 1024 * 1024,
  urgentReserve: 0.1,
  maxConnections: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 72_000,
  logStallMs: 2_000,
  rateLimits: {},
  trustedProxies: [],
}

/**
 * What a mark of JSON (`[`, `{`, a comma, a colon) makes of memory when it is parsed, beside its text: `{},` becomes 64 bytes, a new name
 * with its place about 80. Bytes.
 */
export const bytesPerMark = 40

/** @throws GatewayOptionInvalid */
export function checkLoadOptions(options: Required<LoadOptions>, config: CompiledConfig): void {
  const { rateLimits, urgentReserve } = options
  const { rateLimits: _, urgentReserve: __, trustedProxies: ___, ...numbers } = loadDefaults
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) atLeast(name, options[name], 1)
  if (!(urgentReserve >= 0 && urgentReserve < 1))
    throw new GatewayOptionInvalid('urgentReserve', 'must be from 0 to below 1')
  const lanes = config.lanes.map(({ name }) => name)
  for (const [lane, { eventsPerSecond, burst }] of Object.entries(rateLimits)) {
    const path = `rateLimits.${lane}`
    if (!lanes.includes(lane)) throw new GatewayOptionInvalid(path, `names no lane; there are ${lanes.join(', ')}`)
    atLeast(`${path}.eventsPerSecond`, eventsPerSecond, Number.MIN_VALUE)
    if (burst !== undefined) atLeast(`${path}.burst`, burst, 1)
  }
}

function atLeast(option: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return
  const needed = least < 1 ? 'above 0' : `of at least ${least}`
  throw new GatewayOptionInvalid(option, `must be a number ${needed}, not ${String(value)}`)
}

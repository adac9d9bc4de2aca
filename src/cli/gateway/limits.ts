/**
 * From flags to the limits of a gateway.
 * @module
 */
import type { ParsedArgs } from 'citty'
import type { LoadOptions, RateLimits } from '../../gateway/index.ts'
import { UsageInvalid } from '../errors.ts'
import { duration, size, wholeNumber } from '../values.ts'
import type { limitArgs } from './limit-args.ts'

/** What the flags ask for; nothing where they are not given. @throws UsageInvalid */
export function limitsOf(args: ParsedArgs<typeof limitArgs>, every: (flag: string) => readonly string[]): LoadOptions {
  const count = (flag: keyof typeof limitArgs) => wholeNumber(flag, args[flag], { min: 1 })
  const bytes = (flag: keyof typeof limitArgs) => size(flag, args[flag])
  const ms = (flag: keyof typeof limitArgs) => duration(flag, args[flag], 1)
  const rates = every('rate-limit')
  const proxies = every('trusted-proxy')
  return given({
    maxBodyBytes: bytes('max-body-bytes'),
    maxInflation: count('max-inflation'),
    maxBatchEvents: count('max-batch-events'),
    maxEventValues: count('max-event-values'),
    maxInFlightEvents: count('max-in-flight-events'),
    maxInFlightBytes: bytes('max-in-flight-bytes'),
    urgentReserve: share('urgent-reserve', args['urgent-reserve']),
    maxConnections: count('max-connections'),
    headersTimeoutMs: ms('headers-timeout'),
    requestTimeoutMs: ms('request-timeout'),
    keepAliveTimeoutMs: ms('keep-alive-timeout'),
    logStallMs: ms('log-stall'),
    rateLimits: rates.length === 0 ? undefined : rateLimitsOf(rates),
    trustedProxies: proxies.length === 0 ? undefined : proxies,
  })
}

function given(options: { readonly [Name in keyof LoadOptions]: LoadOptions[Name] | undefined }): LoadOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as LoadOptions
}

function share(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = /^0?\.\d+$|^0$/.test(text) ? Number(text) : Number.NaN
  if (value < 1) return value
  throw new UsageInvalid(`--${flag} cannot be "${text}": give a share from 0 to below 1, such as 0.1.`)
}

function rateLimitsOf(texts: readonly string[]): RateLimits {
  const limits: Record<string, { eventsPerSecond: number; burst?: number }> = {}
  for (const text of texts) {
    const [, lane, rate, burst] = /^([^=]+)=(\d{1,9}(?:\.\d+)?)(?::(\d{1,9}))?$/.exec(text) ?? []
    if (lane === undefined || Number(rate) === 0 || burst === '0') {
      throw new UsageInvalid(
        `--rate-limit cannot be "${text}": give lane=events a second, such as bulk=100, or with a burst, bulk=100:500.`,
      )
    }
    if (Object.hasOwn(limits, lane)) throw new UsageInvalid(`--rate-limit names the lane "${lane}" twice.`)
    limits[lane] = { eventsPerSecond: Number(rate), ...(burst === undefined ? {} : { burst: Number(burst) }) }
  }
  return limits
}

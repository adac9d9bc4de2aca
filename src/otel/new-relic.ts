/**
 * New Relic as a receiver of OTLP.
 * @module
 */
import { TelemetryOptionInvalid } from './errors.ts'
import type { OtlpOptions } from './target.ts'

export interface NewRelicOptions {
  /** The licence key of the account (an ingest key). */
  readonly licenseKey: string
  /** Where the account lies. Default: by the key; those of the EU begin with `eu`. */
  readonly region?: 'us' | 'eu'
}

/**
 * What New Relic asks for: its endpoint, the key in the header `api-key`, delta temporality; and what it prefers: exponential histograms,
 * gzip.
 * @throws TelemetryOptionInvalid when there is no key
 * @example
 * await telemetry(app, { otlp: newRelic({ licenseKey: process.env.NEW_RELIC_LICENSE_KEY! }) })
 */
export function newRelic({ licenseKey, region }: NewRelicOptions): OtlpOptions {
  if (typeof licenseKey !== 'string' || licenseKey === '')
    throw new TelemetryOptionInvalid('licenseKey', 'is missing: New Relic takes nothing without one.')
  const isEu = (region ?? (/^eu/i.test(licenseKey) ? 'eu' : 'us')) === 'eu'
  return {
    endpoint: isEu ? 'https://otlp.eu01.nr-data.net' : 'https://otlp.nr-data.net',
    headers: { 'api-key': licenseKey },
    temporality: 'delta',
    histograms: 'exponential',
    compression: 'gzip',
  }
}

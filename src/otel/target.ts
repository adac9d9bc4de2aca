/**
 * Where to by OTLP, and what this process is there.
 * @module
 */
import type * as Resources from '@opentelemetry/resources'
import type { Clock } from '../clock.ts'
import { TelemetryOptionInvalid } from './errors.ts'

/** What is left out is as the environment's `OTEL_EXPORTER_OTLP_*` variables say, else as OpenTelemetry's default is. */
export interface OtlpOptions {
  /** Base address: `https://otlp.nr-data.net`. `/v1/metrics` and `/v1/traces` are added. */
  readonly endpoint?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly compression?: 'gzip' | 'none'
  /** What backends want to hear: what came since the last export, or since the start. */
  readonly temporality?: 'delta' | 'cumulative'
  readonly histograms?: 'exponential' | 'explicit'
  /** Between two exports of metrics. Milliseconds, default `OTEL_METRIC_EXPORT_INTERVAL`, else a minute. */
  readonly intervalMs?: number
  /** For one export, repeated tries included. Milliseconds, default `OTEL_METRIC_EXPORT_TIMEOUT`, else 10 s. */
  readonly timeoutMs?: number
}

export interface Target {
  readonly options: OtlpOptions
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** What this process is, before the environment has its say. */
  readonly attributes: Readonly<Record<string, string>>
  readonly version: string
  readonly failed: (error: unknown) => void
}

export function resourceOf(resources: typeof Resources, { attributes }: Target): Resources.Resource {
  const named = resources.detectResources({ detectors: [resources.envDetector, resources.serviceNameEnvDetector] })
  return resources
    .defaultResource()
    .merge(resources.resourceFromAttributes({ ...attributes }))
    .merge(named)
}

/** As the exporters take it. @throws TelemetryOptionInvalid */
export function exporterConfig({ options }: Target, path: 'v1/metrics' | 'v1/traces') {
  const { endpoint, headers, compression, timeoutMs } = options
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw new TelemetryOptionInvalid('otlp.endpoint', `is ${JSON.stringify(endpoint)}; it takes an address, https://….`)
  return {
    ...(endpoint !== undefined && { url: `${endpoint.replace(/\/+$/, '')}/${path}` }),
    ...(headers !== undefined && { headers: { ...headers } }),
    ...(compression !== undefined && { compression: compression as never }),
    ...(timeoutMs !== undefined && { timeoutMillis: timeoutMs }),
  }
}

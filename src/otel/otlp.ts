/**
 * OTLP over HTTP with protobuf, to any collector or backend that takes it.
 * @module
 */
import type * as Sdk from '@opentelemetry/sdk-metrics'
import { sleep, type Clock } from '../clock.ts'
import type { Family } from '../telemetry/metrics/index.ts'
import { TelemetryOptionInvalid } from './errors.ts'
import { loadPackages, type Packages } from './packages.ts'
import { Producer } from './producer.ts'

/** What is left out is as the environment's `OTEL_EXPORTER_OTLP_*` variables say, else as OpenTelemetry's default is. */
export interface OtlpOptions {
  /** Base address: `https://otlp.nr-data.net`. `/v1/metrics` is added. */
  readonly endpoint?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly compression?: 'gzip' | 'none'
  /** What backends want to hear: what came since the last export, or since the start. */
  readonly temporality?: 'delta' | 'cumulative'
  readonly histograms?: 'exponential' | 'explicit'
  /** Between two exports. Milliseconds, default `OTEL_METRIC_EXPORT_INTERVAL`, else a minute. */
  readonly intervalMs?: number
  /** For one export, repeated tries included. Milliseconds, default `OTEL_METRIC_EXPORT_TIMEOUT`, else 10 s. */
  readonly timeoutMs?: number
}

export interface OtlpParts {
  readonly options: OtlpOptions
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** What this process is, before the environment has its say. */
  readonly attributes: Readonly<Record<string, string>>
  readonly version: string
  readonly families: () => readonly Family[]
  readonly failed: (error: unknown) => void
}

/** Exports at an interval. What cannot be delivered is lost, and nobody waits for it. */
export class Otlp {
  readonly #provider: Sdk.MeterProvider
  readonly #clock: Clock
  readonly #failed: (error: unknown) => void

  private constructor(provider: Sdk.MeterProvider, { clock, failed }: OtlpParts) {
    this.#provider = provider
    this.#clock = clock
    this.#failed = failed
  }

  /** @throws TelemetryPackageMissing, TelemetryOptionInvalid */
  static async start(parts: OtlpParts): Promise<Otlp> {
    const settings = settingsOf(parts)
    const packages = await loadPackages()
    const { resources, sdk } = packages
    const named = resources.detectResources({ detectors: [resources.envDetector, resources.serviceNameEnvDetector] })
    const resource = resources.defaultResource().merge(resources.resourceFromAttributes(parts.attributes)).merge(named)
    const exporter = quiet(makeExporter(packages, parts.options, settings), parts.failed)
    const counter = sdk.InstrumentType.COUNTER
    const isDelta = exporter.selectAggregationTemporality?.(counter) === sdk.AggregationTemporality.DELTA
    const producer = new Producer({
      sdk,
      clock: parts.clock,
      resource,
      temporality: isDelta ? 'delta' : 'cumulative',
      histograms: settings.histograms,
      scope: { name: 'veltrix', version: parts.version },
      families: parts.families,
    })
    const reader = new sdk.PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: settings.intervalMs,
      exportTimeoutMillis: Math.min(settings.timeoutMs, settings.intervalMs),
      metricProducers: [producer],
    })
    return new Otlp(new sdk.MeterProvider({ resource, readers: [reader] }), parts)
  }

  /** Exports now. Resolves after `timeoutMs` in any case. */
  flush(timeoutMs: number): Promise<void> {
    return this.#bounded(timeoutMs, this.#provider.forceFlush())
  }

  /** Exports once more and ends. Resolves after `timeoutMs` in any case. */
  stop(timeoutMs: number): Promise<void> {
    return this.#bounded(timeoutMs, this.#provider.shutdown())
  }

  async #bounded(timeoutMs: number, work: Promise<void>): Promise<void> {
    if (await within(this.#clock, timeoutMs, work)) return
    this.#failed(new Error(`What was counted last could not be exported in ${timeoutMs} ms.`))
  }
}

interface Settings {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly histograms: 'exponential' | 'explicit'
}

function settingsOf({ options, env }: OtlpParts): Settings {
  const histogramsVariable = 'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION'
  const isExponential = /^base2_exponential_bucket_histogram$/i.test(env[histogramsVariable] ?? '')
  return {
    intervalMs: positive('otlp.intervalMs', options.intervalMs, env, 'OTEL_METRIC_EXPORT_INTERVAL', 60_000),
    timeoutMs: positive('otlp.timeoutMs', options.timeoutMs, env, 'OTEL_METRIC_EXPORT_TIMEOUT', 10_000),
    histograms: options.histograms ?? (isExponential ? 'exponential' : 'explicit'),
  }
}

function positive(
  option: string,
  given: number | undefined,
  env: OtlpParts['env'],
  variable: string,
  otherwise: number,
): number {
  const [name, value] = given === undefined ? [variable, Number(env[variable] || otherwise)] : [option, given]
  if (Number.isFinite(value) && value > 0 && value < 2 ** 31) return value
  throw new TelemetryOptionInvalid(name, `is ${JSON.stringify(given ?? env[variable])}; it takes milliseconds above 0.`)
}

function makeExporter(packages: Packages, options: OtlpOptions, settings: Settings): Sdk.PushMetricExporter {
  const { sdk, exporter } = packages
  const { endpoint, headers, compression, temporality } = options
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw new TelemetryOptionInvalid('otlp.endpoint', `is ${JSON.stringify(endpoint)}; it takes an address, https://….`)
  return new exporter.OTLPMetricExporter({
    ...(endpoint !== undefined && { url: `${endpoint.replace(/\/+$/, '')}/v1/metrics` }),
    ...(headers !== undefined && { headers }),
    ...(compression !== undefined && { compression: compression as never }),
    ...(temporality !== undefined && {
      temporalityPreference:
        temporality === 'delta' ? sdk.AggregationTemporality.DELTA : sdk.AggregationTemporality.CUMULATIVE,
    }),
    ...(options.timeoutMs !== undefined && { timeoutMillis: settings.timeoutMs }),
  })
}

/** Tells what failed, and lets the reader go on as if it had not: the next export comes at its time. */
function quiet(exporter: Sdk.PushMetricExporter, failed: (error: unknown) => void): Sdk.PushMetricExporter {
  return {
    export(metrics, done) {
      exporter.export(metrics, ({ code, error }) => {
        if (code !== 0) failed(error)
        done({ code: 0 })
      })
    },
    forceFlush: () => exporter.forceFlush().catch(failed),
    shutdown: () => exporter.shutdown().catch(failed),
    selectAggregation: (type) => exporter.selectAggregation!(type),
    selectAggregationTemporality: (type) => exporter.selectAggregationTemporality!(type),
  }
}

/** Whether `work` came to an end in time. What it failed with was told already. */
async function within(clock: Clock, timeoutMs: number, work: Promise<void>): Promise<boolean> {
  const enough = new AbortController()
  const late = sleep(clock, timeoutMs, enough.signal).then(
    () => false,
    () => true,
  )
  const ended = await Promise.race([
    work.then(
      () => true,
      () => true,
    ),
    late,
  ])
  enough.abort()
  return ended
}

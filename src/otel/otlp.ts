/**
 * Metrics by OTLP over HTTP with protobuf, to any collector or backend that takes it.
 * @module
 */
import type * as Sdk from '@opentelemetry/sdk-metrics'
import type { Clock } from '../clock.ts'
import type { Family } from '../telemetry/metrics/index.ts'
import { TelemetryOptionInvalid } from './errors.ts'
import { loadMetricPackages, type MetricPackages } from './packages.ts'
import { Producer } from './producer.ts'
import { exporterConfig, resourceOf, type Target } from './target.ts'
import { within } from './within.ts'

export interface OtlpParts extends Target {
  readonly families: () => readonly Family[]
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
    const packages = await loadMetricPackages()
    const { resources, sdk } = packages
    const resource = resourceOf(resources, parts)
    const exporter = quiet(makeExporter(packages, parts), parts.failed)
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
      maxExportBatchSize,
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

/** Points in one request: a few hundred bytes each, and backends take about a megabyte. */
const maxExportBatchSize = 2_000

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

function makeExporter({ sdk, exporter }: MetricPackages, parts: OtlpParts): Sdk.PushMetricExporter {
  const { temporality } = parts.options
  const { DELTA, CUMULATIVE } = sdk.AggregationTemporality
  return new exporter.OTLPMetricExporter({
    ...exporterConfig(parts, 'v1/metrics'),
    ...(temporality !== undefined && { temporalityPreference: temporality === 'delta' ? DELTA : CUMULATIVE }),
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

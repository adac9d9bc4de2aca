/**
 * `--metrics`, `--otlp` and `--traces` of commands that run an application.
 * @module
 */
import type { OtlpOptions, PrometheusOptions, Telemetry } from '../otel/index.ts'
import type { LoadedApp } from './app-module.ts'
import { UsageInvalid } from './errors.ts'
import type { Output } from './output.ts'

export const measuringArgs = {
  metrics: {
    type: 'string',
    valueHint: 'port',
    description: 'Serve metrics for Prometheus on this port of 127.0.0.1, at /metrics. 0 takes a free one',
  },
  otlp: {
    type: 'string',
    valueHint: 'url',
    description: 'Export metrics by OTLP to this endpoint; "env": as the variables OTEL_EXPORTER_OTLP_… say',
  },
  traces: {
    type: 'boolean',
    description: 'Export traces too, to where --otlp says',
  },
} as const

export interface Measuring {
  readonly flags: {
    readonly metrics: string | undefined
    readonly otlp: string | undefined
    readonly traces: boolean | undefined
  }
  /** What carries the events, where it is not what the typed file names. */
  readonly system?: string | undefined
  /** Hears of exports and looks at the log that failed. Default: a note. */
  readonly failed?: ((text: string) => void) | undefined
}

/**
 * Runs `run` measured, when a flag asks for it.
 * @throws UsageInvalid, TelemetryPackageMissing, TelemetryOptionInvalid, TelemetryAddressInvalid, and what `run` throws
 */
export async function measured<T>(
  { app }: LoadedApp,
  measuring: Measuring,
  out: Output,
  run: () => Promise<T>,
): Promise<T> {
  const running = await begin(app, measuring, out)
  try {
    return await run()
  } finally {
    await running?.stop()
  }
}

async function begin(app: LoadedApp['app'], measuring: Measuring, out: Output): Promise<Telemetry | undefined> {
  const { flags, system, failed = (text: string) => out.note(`Metrics: ${text}`) } = measuring
  const { metrics, otlp, traces = false } = flags
  if (traces && otlp === undefined) throw new UsageInvalid('--traces go out by OTLP: say --otlp too.')
  if (metrics === undefined && otlp === undefined) return undefined
  const [{ wholeNumber }, { telemetry }] = await Promise.all([import('./values.ts'), import('../otel/index.ts')])
  const port = wholeNumber('metrics', metrics, { min: 0, max: 65_535 })
  const page: PrometheusOptions | false = port === undefined ? false : { port }
  const target: OtlpOptions | boolean = otlp === undefined ? false : otlp === 'env' ? true : { endpoint: otlp }
  let told = ''
  const onFailure = (error: unknown): void => {
    // The same again and again, at every interval, says nothing new.
    const text = error instanceof Error ? error.message || error.name : String(error)
    if (text !== told) failed(text)
    told = text
  }
  const running = await telemetry(app, { prometheus: page, otlp: target, traces, onFailure, ...(system && { system }) })
  if (running.metricsUrl !== undefined) out.note(`Metrics for Prometheus are on ${running.metricsUrl}`)
  return running
}

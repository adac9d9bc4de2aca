/**
 * `telemetry()`: the numbers of an application, to OTLP and to Prometheus.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemClock, type Clock } from '../clock.ts'
import type { CompiledConfig } from '../config/index.ts'
import { Metrics, prometheusText } from '../telemetry/metrics/index.ts'
import type { Log } from '../transport/index.ts'
import { TelemetryOptionInvalid } from './errors.ts'
import { Otlp } from './otlp.ts'
import { PrometheusServer, type PrometheusOptions } from './prometheus-server.ts'
import { Spans, type TracesOptions } from './spans.ts'
import type { OtlpOptions } from './target.ts'

/** What is measured. An `App` is one. */
export interface TelemetryApp {
  readonly config: CompiledConfig
  open(): Promise<Log>
}

export interface TelemetryOptions {
  /**
   * Where to, and how. `true`: as `OTEL_EXPORTER_OTLP_*` say. Default: `true` where one of them names an endpoint, unless
   * `OTEL_SDK_DISABLED=true` or `OTEL_METRICS_EXPORTER=none`.
   */
  readonly otlp?: OtlpOptions | boolean
  /** Traces too, to where `otlp` says. Default false. */
  readonly traces?: TracesOptions | boolean
  /** A page to scrape. `true`: on 127.0.0.1:9464. Default: none. */
  readonly prometheus?: PrometheusOptions | boolean
  /** Attributes of the resource, beside `service.name` (the app), `service.instance.id` and `host.name`. `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` go before. */
  readonly resource?: Readonly<Record<string, string>>
  /** `messaging.system`. Default: `kafka`, or `veltrix` for the embedded log, by the typed file. */
  readonly system?: string
  /** Between two looks at the log, for lag, delivery rates and unresolved dead letters. Milliseconds, default 15,000; Infinity: never. */
  readonly lookEveryMs?: number
  /** Hears of exports and looks at the log that failed. They are tried again at their next time. Must not throw. */
  readonly onFailure?: (error: unknown) => void
  /** Default the machine's time. OpenTelemetry's own timers go by that in any case. */
  readonly clock?: Clock
  /** Default the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface Telemetry {
  /** What Prometheus scrapes. */
  readonly metricsUrl: string | undefined
  /** Looks at the log and exports now. @param options.timeoutMs default 5,000 */
  flush(options?: { timeoutMs?: number }): Promise<void>
  /** Exports once more, stops listening, closes. Idempotent; call it after `app.stop()`. @param options.timeoutMs default 5,000 */
  stop(options?: { timeoutMs?: number }): Promise<void>
}

/**
 * Measures `app` from now on. Call it before `app.start()`. What is measured comes from channels; an application without it
 * measures nothing.
 * @throws TelemetryPackageMissing, TelemetryOptionInvalid, TelemetryAddressInvalid
 * @example
 * const measured = await telemetry(app, { prometheus: true })
 * await app.start()
 */
export async function telemetry(app: TelemetryApp, options: TelemetryOptions = {}): Promise<Telemetry> {
  const { clock = systemClock, env = process.env, onFailure: failed = () => {}, system, lookEveryMs } = options
  const otlpOptions = otlpWanted(options.otlp, env)
  const page = options.prometheus === true ? {} : options.prometheus
  if (otlpOptions === undefined && !page)
    throw new TelemetryOptionInvalid('telemetry()', 'has nowhere to send to: say otlp or prometheus.')
  if (lookEveryMs !== undefined && !(lookEveryMs >= 100))
    throw new TelemetryOptionInvalid('lookEveryMs', `is ${lookEveryMs}; it takes milliseconds, at least 100.`)
  if (options.traces && otlpOptions === undefined)
    throw new TelemetryOptionInvalid('traces', 'go out by OTLP: say otlp too, or name an endpoint in the environment.')
  const metrics = new Metrics({ config: app.config, clock, system, lookEveryMs, open: () => app.open(), failed })
  const families = () => metrics.families()
  const attributes = attributesOf(app.config, options.resource)
  const resource = { ...attributes, ...named(env) }
  const target = otlpOptions && { options: otlpOptions, env, clock, attributes, version: packageVersion(), failed }
  const otlp = target && (await Otlp.start({ ...target, families }))
  let spans: Spans | undefined
  let server: PrometheusServer | undefined
  try {
    if (target && options.traces) spans = await Spans.start(target, options.traces === true ? {} : options.traces)
    server = page ? await PrometheusServer.start(page, () => prometheusText(families(), resource)) : undefined
  } catch (error) {
    await Promise.all([otlp?.stop(0), spans?.stop(0)])
    throw error
  }
  metrics.start()
  return new Running(metrics, otlp, spans, server)
}

class Running implements Telemetry {
  readonly metricsUrl: string | undefined
  readonly #metrics: Metrics
  readonly #otlp: Otlp | undefined
  readonly #spans: Spans | undefined
  readonly #server: PrometheusServer | undefined
  #stopping: Promise<void> | undefined

  constructor(
    metrics: Metrics,
    otlp: Otlp | undefined,
    spans: Spans | undefined,
    server: PrometheusServer | undefined,
  ) {
    this.#metrics = metrics
    this.#otlp = otlp
    this.#spans = spans
    this.#server = server
    this.metricsUrl = server?.url
  }

  async flush({ timeoutMs = 5_000 }: { timeoutMs?: number } = {}): Promise<void> {
    await this.#metrics.look()
    await Promise.all([this.#otlp?.flush(timeoutMs), this.#spans?.flush(timeoutMs)])
  }

  stop({ timeoutMs = 5_000 }: { timeoutMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs)
    return this.#stopping
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#metrics.stop()
    await Promise.all([this.#otlp?.stop(timeoutMs), this.#spans?.stop(timeoutMs), this.#server?.stop()])
  }
}

/** Undefined: no OTLP. */
function otlpWanted(
  given: TelemetryOptions['otlp'],
  env: Readonly<Record<string, string | undefined>>,
): OtlpOptions | undefined {
  if (given === false) return undefined
  if (typeof given === 'object') return given
  if (given === true) return {}
  if (/^true$/i.test(env['OTEL_SDK_DISABLED'] ?? '') || env['OTEL_METRICS_EXPORTER'] === 'none') return undefined
  const endpoint = env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT']
  return endpoint ? {} : undefined
}

function attributesOf({ app }: CompiledConfig, resource: TelemetryOptions['resource']): Record<string, string> {
  return { 'service.name': app, 'service.instance.id': randomUUID(), 'host.name': hostname(), ...resource }
}

/** What the environment says of the resource, for Prometheus' page. OTLP has its own reading of it. */
function named(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const pairs = (env['OTEL_RESOURCE_ATTRIBUTES'] ?? '').split(',').flatMap((pair) => {
    const [name, value] = pair.split('=').map((part) => part.trim())
    return name && value ? [[name, decodeURIComponent(value)]] : []
  })
  const service = env['OTEL_SERVICE_NAME']
  return { ...Object.fromEntries(pairs), ...(service && { 'service.name': service }) }
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

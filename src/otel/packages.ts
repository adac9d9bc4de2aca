/**
 * OpenTelemetry's packages, which are optional peers: loaded when something is to be exported, not before.
 * @module
 */
import { TelemetryPackageMissing } from './errors.ts'

const common = ['@opentelemetry/api', '@opentelemetry/resources']
const forMetrics = ['@opentelemetry/sdk-metrics', '@opentelemetry/exporter-metrics-otlp-proto']
const forTraces = [
  '@opentelemetry/sdk-trace',
  '@opentelemetry/context-async-hooks',
  '@opentelemetry/exporter-trace-otlp-proto',
]

export type MetricPackages = Awaited<ReturnType<typeof loadMetricPackages>>
export type TracePackages = Awaited<ReturnType<typeof loadTracePackages>>

/** @throws TelemetryPackageMissing */
export async function loadMetricPackages() {
  try {
    const [exporter, resources, sdk] = await Promise.all([
      import('@opentelemetry/exporter-metrics-otlp-proto'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-metrics'),
    ])
    return { exporter, resources, sdk }
  } catch (cause) {
    throw missing(cause, [...common, ...forMetrics])
  }
}

/** With the room that makes spans, which needs them too. @throws TelemetryPackageMissing */
export async function loadTracePackages() {
  try {
    const [exporter, resources, sdk, contexts, api, tracing] = await Promise.all([
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/api'),
      import('../telemetry/tracing/index.ts'),
    ])
    return { exporter, resources, sdk, contexts, api, tracing }
  } catch (cause) {
    throw missing(cause, [...common, ...forMetrics, ...forTraces])
  }
}

function missing(cause: unknown, needed: readonly string[]): unknown {
  const { code, message } = cause as { code?: string; message: string }
  if (code !== 'ERR_MODULE_NOT_FOUND') return cause
  const name = /package '([^']+)'/.exec(message)?.[1]
  return new TelemetryPackageMissing(name ?? 'of OpenTelemetry', needed, { cause })
}

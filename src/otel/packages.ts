/**
 * OpenTelemetry's packages, which are optional peers: loaded when something is to be exported, not before.
 * @module
 */
import type * as Exporter from '@opentelemetry/exporter-metrics-otlp-proto'
import type * as Resources from '@opentelemetry/resources'
import type * as Sdk from '@opentelemetry/sdk-metrics'
import { TelemetryPackageMissing } from './errors.ts'

export interface Packages {
  readonly exporter: typeof Exporter
  readonly resources: typeof Resources
  readonly sdk: typeof Sdk
}

const needed = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/resources',
  '@opentelemetry/exporter-metrics-otlp-proto',
]

/** @throws TelemetryPackageMissing */
export async function loadPackages(): Promise<Packages> {
  try {
    const [exporter, resources, sdk] = await Promise.all([
      import('@opentelemetry/exporter-metrics-otlp-proto'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-metrics'),
    ])
    return { exporter, resources, sdk }
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string }
    if (code !== 'ERR_MODULE_NOT_FOUND') throw cause
    const name = /package '([^']+)'/.exec(message)?.[1]
    throw new TelemetryPackageMissing(name ?? 'of OpenTelemetry', needed, { cause })
  }
}

/**
 * The numbers and traces of an application, by OpenTelemetry's conventions, to OTLP and Prometheus. OTLP needs packages of OpenTelemetry, which are
 * optional peers.
 * @module
 */
export { telemetry, type Telemetry, type TelemetryApp, type TelemetryOptions } from './telemetry.ts'
export { newRelic, type NewRelicOptions } from './new-relic.ts'
export type { OtlpOptions } from './target.ts'
export type { TracesOptions } from './spans.ts'
export type { PrometheusOptions } from './prometheus-server.ts'
export * from './errors.ts'

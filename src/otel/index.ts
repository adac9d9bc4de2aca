/**
 * The numbers of an application, by OpenTelemetry's conventions, to OTLP and Prometheus. OTLP needs the packages `@opentelemetry/api`,
 * `@opentelemetry/sdk-metrics`, `@opentelemetry/resources` and `@opentelemetry/exporter-metrics-otlp-proto`.
 * @module
 */
export { telemetry, type Telemetry, type TelemetryApp, type TelemetryOptions } from './telemetry.ts'
export { newRelic, type NewRelicOptions } from './new-relic.ts'
export type { OtlpOptions } from './otlp.ts'
export type { PrometheusOptions } from './prometheus-server.ts'
export * from './errors.ts'

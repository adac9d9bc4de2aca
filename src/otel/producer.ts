/**
 * Our numbers in the form of OpenTelemetry's SDK: it exports them as if it had counted them itself.
 * @module
 */
import type { Resource } from '@opentelemetry/resources'
import type * as Sdk from '@opentelemetry/sdk-metrics'
import type { Clock } from '../clock.ts'
import type { Distribution, Family, MetricDefinition, Point, Value } from '../telemetry/metrics/index.ts'
import { exponentialOf, since, type Counted } from './distributions.ts'

export interface ProducerOptions {
  readonly sdk: typeof Sdk
  readonly clock: Clock
  /** `delta`: what came since the last export. `cumulative`: since the start. Gauges have neither. */
  readonly temporality: 'delta' | 'cumulative'
  readonly histograms: 'exponential' | 'explicit'
  readonly scope: { readonly name: string; readonly version: string }
  readonly resource: Resource
  readonly families: () => readonly Family[]
}

type Time = [seconds: number, nanoseconds: number]

export class Producer implements Sdk.MetricProducer {
  readonly #options: ProducerOptions
  readonly #startedAt: Time
  #lastAt: Time
  readonly #sums = new WeakMap<Value, number>()
  readonly #distributions = new WeakMap<Distribution, Counted>()

  constructor(options: ProducerOptions) {
    this.#options = options
    this.#startedAt = timeOf(options.clock.now())
    this.#lastAt = this.#startedAt
  }

  /** Called by one reader: with `delta`, each call takes what came since the one before. */
  async collect(): Promise<Sdk.CollectionResult> {
    const { clock, temporality, families, scope } = this.#options
    const endTime = timeOf(clock.now())
    const startTime = temporality === 'delta' ? this.#lastAt : this.#startedAt
    this.#lastAt = endTime
    const times = { startTime, endTime }
    const metrics = families().flatMap((family) => {
      const data = this.#metricData(family, times)
      return data.dataPoints.length === 0 ? [] : [data]
    })
    // The reader puts the provider's resource in the place of this one.
    const resource = this.#options.resource
    return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics }] }, errors: [] }
  }

  #metricData({ definition, points }: Family, times: { startTime: Time; endTime: Time }): Sdk.MetricData {
    const { sdk, temporality, histograms } = this.#options
    const base = {
      descriptor: descriptorOf(definition),
      aggregationTemporality:
        temporality === 'delta' ? sdk.AggregationTemporality.DELTA : sdk.AggregationTemporality.CUMULATIVE,
    }
    const at = <T>({ labels }: Point, value: T): Sdk.DataPoint<T> => ({ ...times, attributes: { ...labels }, value })
    if (definition.instrument === 'gauge') {
      const dataPoints = points.map((point) => at(point, (point.series as Value).value))
      return { ...base, dataPointType: sdk.DataPointType.GAUGE, dataPoints }
    }
    if (definition.instrument === 'counter') {
      const dataPoints = points.flatMap((point) => this.#sum(point.series as Value).map((sum) => at(point, sum)))
      return { ...base, dataPointType: sdk.DataPointType.SUM, dataPoints, isMonotonic: true }
    }
    const counted = points.flatMap((point) =>
      this.#counted(point.series as Distribution).map((value) => ({ point, value })),
    )
    if (histograms === 'exponential') {
      const dataPoints = counted.map(({ point, value }) => at(point, exponentialOf(value)))
      return { ...base, dataPointType: sdk.DataPointType.EXPONENTIAL_HISTOGRAM, dataPoints }
    }
    const dataPoints = counted.map(({ point, value: { counts, bounds, count, sum, min, max } }) =>
      at(point, { buckets: { boundaries: [...bounds], counts: [...counts] }, count, sum, min, max }),
    )
    return { ...base, dataPointType: sdk.DataPointType.HISTOGRAM, dataPoints }
  }

  /** None, where there is nothing new to tell. */
  #sum(series: Value): number[] {
    if (this.#options.temporality === 'cumulative') return [series.value]
    const more = series.value - (this.#sums.get(series) ?? 0)
    this.#sums.set(series, series.value)
    return more === 0 ? [] : [more]
  }

  #counted(series: Distribution): Counted[] {
    if (this.#options.temporality === 'cumulative') return [since(series, undefined)]
    const now = since(series, this.#distributions.get(series))
    this.#distributions.set(series, since(series, undefined))
    return now.count === 0 ? [] : [now]
  }
}

function descriptorOf({ name, description, unit }: MetricDefinition): Sdk.MetricDescriptor {
  // 1: a double.
  return { name, description, unit, valueType: 1 }
}

function timeOf(ms: number): Time {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)]
}

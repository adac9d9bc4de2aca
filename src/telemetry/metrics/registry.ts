/**
 * All series of one process, by metric and label values.
 * @module
 */
import type { LabelName } from './labels.ts'
import { metrics, type MetricDefinition, type MetricId } from './names.ts'
import { Distribution, Value } from './series.ts'

/** Those of the labels that apply. */
export type LabelValues = Readonly<Partial<Record<LabelName, string>>>

export interface Point<Series extends Value | Distribution = Value | Distribution> {
  readonly labels: LabelValues
  readonly series: Series
}

export interface Family {
  readonly definition: MetricDefinition
  readonly points: readonly Point[]
}

type SeriesOf<Id extends MetricId> = (typeof metrics)[Id]['instrument'] extends 'histogram' ? Distribution : Value
type LabelsOf<Id extends MetricId> = Readonly<Partial<Record<(typeof metrics)[Id]['labels'][number], string>>>

export class Registry {
  readonly #families = new Map<MetricId, Map<string, Point>>()

  /** The series of a metric with these labels, made when there is none. Keep it where it is written often. */
  series<Id extends MetricId>(id: Id, labels: LabelsOf<Id>): SeriesOf<Id> {
    const definition: MetricDefinition = metrics[id]
    let family = this.#families.get(id)
    if (family === undefined) this.#families.set(id, (family = new Map()))
    const given = labels as LabelValues
    const key = definition.labels.map((name) => given[name] ?? '').join('\0')
    let point = family.get(key)
    if (point === undefined) {
      point = {
        // In the order of the table; those that do not apply are left out.
        labels: Object.fromEntries(definition.labels.flatMap((name) => (given[name] ? [[name, given[name]]] : []))),
        series: definition.instrument === 'histogram' ? new Distribution(definition.bounds ?? []) : new Value(),
      }
      family.set(key, point)
    }
    return point.series as SeriesOf<Id>
  }

  /** Gauges of this metric are not shown until they are set again. */
  forget(id: MetricId): void {
    for (const { series } of this.#families.get(id)?.values() ?? []) if (series instanceof Value) series.forget()
  }

  /** What there is to show, in the order of the table. Series go on being written: copy what is kept. */
  families(): Family[] {
    return (Object.keys(metrics) as MetricId[]).flatMap((id) => {
      const points = [...(this.#families.get(id)?.values() ?? [])].filter(({ series }) => isShown(series))
      return points.length === 0 ? [] : [{ definition: metrics[id], points }]
    })
  }
}

function isShown(series: Value | Distribution): boolean {
  return series instanceof Value ? series.isKnown : series.count > 0
}

/**
 * Numbers in Prometheus' text form (version 0.0.4). Names and units are translated as OpenTelemetry's own exporters do it.
 * @module
 */
import type { MetricDefinition } from './names.ts'
import type { Family, LabelValues, Point } from './registry.ts'
import { Distribution } from './series.ts'

export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

const unitSuffixes: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes', '1': '_ratio' }

/** `veltrix_lag_age_seconds`. Of a histogram without `_bucket`, `_sum` and `_count`. */
export function prometheusName({ name, unit, instrument }: MetricDefinition): string {
  const words = name.replaceAll('.', '_')
  const suffix = instrument === 'gauge' || unit !== '1' ? (unitSuffixes[unit] ?? '') : ''
  return `${words.endsWith(suffix) ? words : words + suffix}${instrument === 'counter' ? '_total' : ''}`
}

export function prometheusLabel(name: string): string {
  return name.replaceAll('.', '_')
}

/** @param resource what the process is: attributes of `target_info` */
export function prometheusText(families: readonly Family[], resource: Readonly<Record<string, string>>): string {
  const lines = [
    '# HELP target_info What this process is.',
    '# TYPE target_info gauge',
    `target_info${labelText(Object.entries(resource))} 1`,
  ]
  for (const { definition, points } of families) {
    const name = prometheusName(definition)
    lines.push(`# HELP ${name} ${escaped(definition.description, false)}`, `# TYPE ${name} ${definition.instrument}`)
    for (const point of points) lines.push(...pointLines(name, point))
  }
  return `${lines.join('\n')}\n`
}

function pointLines(name: string, { labels, series }: Point): string[] {
  const own = entriesOf(labels)
  if (!(series instanceof Distribution)) return [`${name}${labelText(own)} ${series.value}`]
  let below = 0
  const buckets = [...series.bounds, Infinity].map((bound, place) => {
    below += series.counts[place]!
    return `${name}_bucket${labelText([...own, ['le', bound === Infinity ? '+Inf' : String(bound)]])} ${below}`
  })
  return [...buckets, `${name}_sum${labelText(own)} ${series.sum}`, `${name}_count${labelText(own)} ${series.count}`]
}

function entriesOf(labels: LabelValues): [string, string][] {
  return Object.entries(labels) as [string, string][]
}

function labelText(labels: readonly (readonly [string, string])[]): string {
  if (labels.length === 0) return ''
  return `{${labels.map(([name, value]) => `${prometheusLabel(name)}="${escaped(value, true)}"`).join(',')}}`
}

function escaped(text: string, isQuoted: boolean): string {
  const lines = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return isQuoted ? lines.replaceAll('"', '\\"') : lines
}

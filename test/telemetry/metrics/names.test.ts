import { expect, test } from 'vitest'
import { labels, metrics, prometheusName, type MetricDefinition } from '../../../src/telemetry/metrics/index.ts'

const all: readonly MetricDefinition[] = Object.values(metrics)

test('every name, instrument, unit and label', () => {
  const lines = all.map(({ name, instrument, unit, labels: own }) => `${name} ${instrument} ${unit} [${own.join(' ')}]`)
  expect(`${lines.join('\n')}\n`).toMatchSnapshot('the table')
  expect(`${all.map(prometheusName).join('\n')}\n`).toMatchSnapshot('as Prometheus has them')
})

test('names are unique, and none is the beginning of another', () => {
  const names = all.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(new Set(all.map(prometheusName)).size).toBe(names.length)
  for (const name of names) expect(names.filter((other) => other.startsWith(`${name}.`))).toEqual([])
})

test('labels are all used, and no other; histograms have bounds, and only they', () => {
  expect(new Set(all.flatMap((metric) => metric.labels))).toEqual(new Set(Object.keys(labels)))
  for (const { instrument, bounds = [] } of all) {
    expect(bounds.length > 0).toBe(instrument === 'histogram')
    expect([...bounds].toSorted((a, b) => a - b)).toEqual(bounds)
  }
})

test('no label is an id, a key, an offset or a type', () => {
  for (const name of Object.keys(labels)) expect(name).not.toMatch(/\b(id|key|offset|partition|type_name)\b/)
})

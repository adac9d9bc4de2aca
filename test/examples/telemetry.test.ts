/**
 * The rules and dashboards of examples/telemetry, held against what a running application really shows.
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { telemetry, type Telemetry } from '../../src/otel/index.ts'
import { labels, metrics, prometheusLabel, prometheusName } from '../../src/telemetry/metrics/index.ts'
import { requirePart } from '../support/parts.ts'
import { missingPromtool } from '../support/promtool.ts'
import { seriesIn } from '../support/prometheus-text.ts'
import { exercisedApp } from '../telemetry/metrics/exercised.ts'

const folder = join(import.meta.dirname, '..', '..', 'examples', 'telemetry')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
}
const rules = (parse(read('prometheus-rules.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)

interface GrafanaPanel {
  readonly title: string
  readonly targets: { readonly expr: string }[]
}
const grafana = JSON.parse(read('grafana-dashboard.json')) as { panels: GrafanaPanel[] }
/** As Grafana would ask, all jobs chosen. */
const asked = grafana.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => [title, expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.*')] as const),
)

const words = new Set(
  `by without on ignoring group_left group_right offset or and unless bool sum max min avg rate increase absent
  histogram_quantile le job instance up`.split(/\s+/),
)

/** Metrics and labels that a query of Prometheus names. */
function namesOf(expr: string): string[] {
  const bare = expr.replaceAll(/"[^"]*"/g, '').replaceAll(/\[[^\]]*\]/g, '')
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)]
    .map(([name]) => name)
    .filter((name, place, all) => !words.has(name) && !/^\d|^[smh]$/.test(name) && all.indexOf(name) === place)
    .filter((name) => !new RegExp(`\\d${name}\\b`).test(bare))
}

let running: Telemetry
let remove: () => Promise<void>
let page: string

beforeAll(async () => {
  const exercised = await exercisedApp()
  remove = exercised.remove
  running = await telemetry(exercised.app, { prometheus: { port: 0 }, lookEveryMs: 200 })
  await exercised.app.start()
  await exercised.exercise()
  await vi.waitFor(
    async () => {
      await running.flush()
      page = await (await fetch(running.metricsUrl!)).text()
      expect(page).toContain('veltrix_breaker_state')
      expect(page).not.toMatch(/^veltrix_lag_events\{.*\} [1-9]/m)
    },
    { timeout: 25_000 },
  )
})
afterAll(async () => {
  await running?.stop()
  await remove?.()
})

/** What an application without mishaps, watched for less than the window, does not show yet. */
const later = new Set([metrics.delivery, metrics.pauses].map(prometheusName))

test.each([...asked, ...rules.map(({ alert, expr }) => [alert, expr] as const)])(
  '%s asks only for what is there',
  (_title, expr) => {
    const there = seriesIn(page)
    const known = new Set([...there.keys(), ...[...there.values()].flatMap((set) => [...set]), ...later])
    const names = namesOf(expr)
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !known.has(name))).toEqual([])
  },
)

test('every metric of the table that is a sign of trouble is asked for by a rule or a panel', () => {
  const all = [...asked.map(([, expr]) => expr), ...rules.map(({ expr }) => expr)].join('\n')
  const signs = [
    metrics.lagAge,
    metrics.delivery,
    metrics.deadUnresolved,
    metrics.stalls,
    metrics.breaker,
    metrics.gateway,
    metrics.sent,
    metrics.wait,
  ]
  for (const metric of signs) expect(all).toContain(prometheusName(metric))
})

describe('alerts', () => {
  test('promtool accepts them, and their tests pass', async (context) => {
    await requirePart(context, 'promtool', missingPromtool)
    const check = spawnSync('promtool', ['check', 'rules', join(folder, 'prometheus-rules.yaml')], { encoding: 'utf8' })
    expect({ status: check.status, err: check.stderr }).toEqual({ status: 0, err: '' })
    const config = spawnSync('promtool', ['check', 'config', join(folder, 'prometheus.yml')], { encoding: 'utf8' })
    expect({ status: config.status, err: config.stderr }).toEqual({ status: 0, err: '' })
    const tests = spawnSync('promtool', ['test', 'rules', join(folder, 'prometheus-rules.test.yaml')], {
      encoding: 'utf8',
    })
    expect({ status: tests.status, said: tests.stdout }).toEqual({
      status: 0,
      said: expect.stringContaining('SUCCESS'),
    })
  })

  test('each has a test in which it is quiet and then fires', () => {
    const { tests } = parse(read('prometheus-rules.test.yaml')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[]
    }
    const fires = tests.flatMap((one) => one.alert_rule_test.filter(({ exp_alerts: told }) => told.length > 0))
    const quiet = tests.flatMap((one) => one.alert_rule_test.filter(({ exp_alerts: told }) => told.length === 0))
    const names = rules.map(({ alert }) => alert).toSorted()
    expect(fires.map(({ alertname }) => alertname).toSorted()).toEqual(names)
    expect(quiet.map(({ alertname }) => alertname).toSorted()).toEqual(names)
  })
})

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** A Prometheus that scrapes the application four times a second. */
async function startPrometheus() {
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-prometheus-'))
  const target = new URL(running.metricsUrl!).host
  const job = { job_name: 'veltrix', scrape_interval: '250ms', scrape_timeout: '250ms' }
  const config = join(directory, 'prometheus.json')
  writeFileSync(config, JSON.stringify({ scrape_configs: [{ ...job, static_configs: [{ targets: [target] }] }] }))
  const address = `127.0.0.1:${await freePort()}`
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${directory}/data`, `--web.listen-address=${address}`]
  const child = spawn('prometheus', flags, { stdio: 'ignore' })
  return {
    async query(expr: string): Promise<readonly Sample[]> {
      const response = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(expr)}`)
      const { status, data, error } = (await response.json()) as any
      if (status !== 'success') throw new Error(`${expr}: ${error}`)
      return data.result
    },
    async end(): Promise<void> {
      const gone = new Promise((resolve) => void child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

test('Grafana: a real Prometheus that scrapes the application answers every panel', async (context) => {
  await requirePart(context, 'prometheus', missingPromtool)
  const prometheus = await startPrometheus()
  try {
    await vi.waitFor(
      async () => {
        const [scrapes] = await prometheus.query('count_over_time(veltrix_lag_events[5m])')
        expect(Number(scrapes?.value[1] ?? 0)).toBeGreaterThan(3)
      },
      { timeout: 25_000 },
    )
    const empty: string[] = []
    for (const [title, expr] of asked) if ((await prometheus.query(expr)).length === 0) empty.push(title)
    // Nothing was paused; and the window of the delivery rate has not passed, unless this machine is very slow.
    expect(empty.filter((title) => title !== 'Delivery rate')).toEqual(['Stalls, pauses, duplicates'])
    for (const { expr } of rules) await prometheus.query(expr)
  } finally {
    await prometheus.end()
  }
})

describe('New Relic', () => {
  interface Widget {
    readonly title: string
    readonly rawConfiguration: { readonly nrqlQueries: { readonly query: string }[] }
  }
  const dashboard = JSON.parse(read('new-relic-dashboard.json')) as {
    pages: { widgets: Widget[] }[]
  }
  const queries = [
    ...dashboard.pages.flatMap(({ widgets }) =>
      widgets.flatMap(({ title, rawConfiguration }) =>
        rawConfiguration.nrqlQueries.map(({ query }) => [title, query] as const),
      ),
    ),
  ]
  const table = new Map(Object.values(metrics).map((metric) => [metric.name as string, metric]))

  test.each(queries)('%s', (_title, query) => {
    const quoted = [...query.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
    // Names with points outside of backticks would not be read as names.
    expect(query.replaceAll(/`[^`]+`|'[^']*'/g, '')).not.toMatch(/[a-z]\.[a-z]/)
    const asksFor = quoted.filter((name) => table.has(name))
    expect(asksFor.length).toBeGreaterThan(0)
    const own = new Set(['service.name', ...asksFor.flatMap((name) => table.get(name)!.labels as readonly string[])])
    const others = quoted.filter((name) => !table.has(name))
    expect(others.filter((name) => !own.has(name))).toEqual([])
    // Each is asked in a way that its instrument has.
    for (const [, aggregate, name] of query.matchAll(/(\w+)\(`([^`]+)`/g)) {
      const instrument = table.get(name!)?.instrument
      if (instrument === undefined) continue
      const ways = {
        counter: ['sum'],
        gauge: ['max', 'min', 'latest', 'average'],
        histogram: ['percentile', 'count', 'average', 'sum'],
      }
      expect(ways[instrument]).toContain(aggregate)
    }
  })
})

test('labels of Prometheus are those of the table', () => {
  const known = new Set([...Object.keys(labels).map(prometheusLabel), 'le'])
  const resource = new Set(['service_name', 'service_instance_id', 'host_name'])
  for (const [name, own] of seriesIn(page))
    for (const label of own) expect(name === 'target_info' ? resource : known).toContain(label)
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => void server.close(resolve))
  return port
}

/**
 * The scenarios, in the order of the report.
 * @module
 */
import type { Scenario } from './scenario.ts'

const modules = {
  'publish-many': () => import('./scenarios/publish-many.ts'),
  'publish-concurrent': () => import('./scenarios/publish-concurrent.ts'),
  'publish-handled': () => import('./scenarios/publish-handled.ts'),
  'urgent-first': () => import('./scenarios/urgent-first.ts'),
  'keyed-concurrency': () => import('./scenarios/keyed-concurrency.ts'),
  'memory-waiting': () => import('./scenarios/memory-waiting.ts'),
  'dead-letters': () => import('./scenarios/dead-letters.ts'),
  'first-event': () => import('./scenarios/first-event.ts'),
  'inbox-price': () => import('./scenarios/inbox-price.ts'),
  'telemetry-price': () => import('./scenarios/telemetry-price.ts'),
  'dashboard-viewer': () => import('./scenarios/dashboard-viewer.ts'),
  'kafka-publish-single': () => import('./scenarios/kafka-publish-single.ts'),
  'kafka-publish-many': () => import('./scenarios/kafka-publish-many.ts'),
  'kafka-consume': () => import('./scenarios/kafka-consume.ts'),
  'kafka-handlers': () => import('./scenarios/kafka-handlers.ts'),
  'kafka-urgent': () => import('./scenarios/kafka-urgent.ts'),
  'gateway-single': () => import('./scenarios/gateway-single.ts'),
  'gateway-batch': () => import('./scenarios/gateway-batch.ts'),
  'gateway-urgent': () => import('./scenarios/gateway-urgent.ts'),
  'gateway-attacked': () => import('./scenarios/gateway-attacked.ts'),
  'gateway-connections': () => import('./scenarios/gateway-connections.ts'),
  'gateway-kafka': () => import('./scenarios/gateway-kafka.ts'),
}

export type ScenarioName = keyof typeof modules

const all = Object.keys(modules) as ScenarioName[]

/** What is measured in one run, and kept in one report. */
export const suites = {
  /** On the embedded log. */
  latest: all.filter((name) => !needsKafka(name) && !needsWrk(name)),
  /** On a Kafka cluster, beside other clients. */
  kafka: all.filter((name) => name.startsWith('kafka-')),
  /** Over HTTP. */
  gateway: all.filter((name) => name.startsWith('gateway-')),
}

export type SuiteName = keyof typeof suites

export function needsKafka(name: ScenarioName): boolean {
  return name.startsWith('kafka-') || name === 'gateway-kafka'
}

/** The load tool of the scenarios over HTTP. */
export function needsWrk(name: ScenarioName): boolean {
  return name.startsWith('gateway-')
}

export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(modules, name)
}

/** Loaded one by one: the process that measures holds nothing else. */
export async function loadScenario(name: ScenarioName): Promise<Scenario> {
  return (await modules[name]()).default
}

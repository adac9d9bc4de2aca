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
  'first-event': () => import('./scenarios/first-event.ts'),
  'inbox-price': () => import('./scenarios/inbox-price.ts'),
}

export type ScenarioName = keyof typeof modules

export const scenarioNames = Object.keys(modules) as ScenarioName[]

export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(modules, name)
}

/** Loaded one by one: the process that measures holds nothing else. */
export async function loadScenario(name: ScenarioName): Promise<Scenario> {
  return (await modules[name]()).default
}

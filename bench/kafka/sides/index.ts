/**
 * The sides by name. Loaded one by one: the process that measures holds nothing else.
 * @module
 */
import type { Side } from '../task.ts'

const modules = {
  veltrix: () => import('./veltrix.ts'),
  kafkajs: () => import('./kafkajs.ts'),
  raw: () => import('./raw.ts'),
  'parallel-consumer': () => import('./parallel-consumer.ts'),
}

export type SideName = keyof typeof modules

export async function loadSide(name: SideName): Promise<Side> {
  return (await modules[name]()).default
}

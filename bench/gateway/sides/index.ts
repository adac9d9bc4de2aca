/**
 * The servers by name. Loaded one by one: the process that serves holds nothing else.
 * @module
 */
import type { Serving } from './serving.ts'

const modules = {
  veltrix: () => import('./veltrix.ts'),
  'veltrix-without-log': () => import('./veltrix-without-log.ts'),
  'veltrix-lanes': () => import('./veltrix-lanes.ts'),
  fastify: () => import('./fastify.ts'),
  'veltrix-kafka': () => import('./veltrix-kafka.ts'),
  'fastify-kafkajs': () => import('./fastify-kafkajs.ts'),
}

export type GatewaySide = keyof typeof modules

export async function loadServing(name: GatewaySide): Promise<Serving> {
  return (await modules[name]()).default
}

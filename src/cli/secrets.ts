/**
 * Payloads as people may see them: fields the typed file calls secret are masked.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'

export const mask = '***'

/** A copy of `payload` without the secret fields of its type. A payload of an undeclared type is shown as it is: nobody said what is secret. */
export function masked(payload: unknown, type: string, config: Pick<CompiledConfig, 'events'>): unknown {
  const paths = config.events.get(type)?.secret ?? []
  return paths.reduce((value, path) => maskAt(value, path.split('.')), payload)
}

/** A path goes through lists by itself: `cards.number` masks the number of every card. */
function maskAt(value: unknown, steps: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: unknown) => maskAt(item, steps))
  const [step, ...below] = steps
  if (step === undefined || !Object.hasOwn(value, step)) return value
  const inner = (value as Record<string, unknown>)[step]
  return { ...value, [step]: below.length === 0 ? mask : maskAt(inner, below) }
}

/**
 * Payloads as people may see them: fields the typed file calls secret are masked.
 * @module
 */
import type { CompiledConfig } from './compiled.ts'

export const mask = '***'

/** A copy of `payload` without the secret fields of its type. A payload of an undeclared type is shown as it is: nobody said what is secret. */
export function masked(payload: unknown, type: string, config: Pick<CompiledConfig, 'events'>): unknown {
  const paths = config.events.get(type)?.secret ?? []
  return paths.reduce((value, path) => maskAt(value, path.split('.')), payload)
}

/** The first secret field that holds the mask instead of a value: the payload was shown, and what it was is not known any more. */
export function maskedField(
  payload: unknown,
  type: string,
  config: Pick<CompiledConfig, 'events'>,
): string | undefined {
  return config.events.get(type)?.secret?.find((path) => holdsMask(payload, path.split('.')))
}

function holdsMask(value: unknown, steps: readonly string[]): boolean {
  if (Array.isArray(value)) return value.some((item: unknown) => holdsMask(item, steps))
  const [step, ...below] = steps
  if (step === undefined) return value === mask
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false
  return holdsMask((value as Record<string, unknown>)[step], below)
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

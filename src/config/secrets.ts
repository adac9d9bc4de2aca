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

/**
 * An edited copy of a payload that was shown masked, with the values back where the mask was left. Where items of a list were added or
 * removed, or more than one was changed, nobody can tell whose value a mask stands for: there it stays, see {@link maskedField}.
 */
export function unmasked(
  edited: unknown,
  original: unknown,
  type: string,
  config: Pick<CompiledConfig, 'events'>,
): unknown {
  return restored(edited, masked(original, type, config), original)
}

/** @param shown the original as it was shown */
function restored(edited: unknown, shown: unknown, original: unknown): unknown {
  if (edited === mask && shown === mask) return original
  if (typeof edited !== 'object' || edited === null || typeof shown !== 'object' || shown === null) return edited
  if (Array.isArray(edited)) {
    if (!Array.isArray(shown) || !isInPlace(edited, shown)) return edited
    return edited.map((item: unknown, index) => restored(item, shown[index], (original as unknown[])[index]))
  }
  const [before, kept] = [shown as Record<string, unknown>, original as Record<string, unknown>]
  return Object.fromEntries(
    Object.entries(edited).map(([name, value]: [string, unknown]) => [
      name,
      Object.hasOwn(before, name) ? restored(value, before[name], kept[name]) : value,
    ]),
  )
}

/** As many items as before, and at most one of them another, seen nowhere in the list: with two it could be that they changed places. */
function isInPlace(edited: readonly unknown[], shown: readonly unknown[]): boolean {
  if (edited.length !== shown.length) return false
  const before = shown.map(sorted)
  const others = edited.map(sorted).filter((text, index) => text !== before[index])
  return others.length === 0 || (others.length === 1 && !before.includes(others[0]))
}

/** The same text for the same JSON, whatever the order of its fields. */
function sorted(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
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

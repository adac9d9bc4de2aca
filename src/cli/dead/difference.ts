/**
 * What differs between two payloads, field by field.
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import { masked, type CompiledConfig } from '../../config/index.ts'
import type { Replacement } from '../../deadletter/index.ts'
import { dataPath } from '../../event/index.ts'
import { printable } from '../format.ts'
import type { Output } from '../output.ts'

export interface Difference {
  /** As `data.lines[0].price`. */
  readonly path: string
  /** Absent where the field is new. */
  readonly before?: unknown
  /** Absent where the field is gone. */
  readonly after?: unknown
  /** A secret field has another value, or something in it has: neither is shown. */
  readonly secret?: true
}

/** Of the event in a letter's place to the one that was there; secrets masked, but told when they differ. */
export function differencesOf({ before, after }: Replacement, config: CompiledConfig): Difference[] {
  const found: Difference[] = []
  const shown = [before, after].map(({ data, type }) => masked(data, type, config))
  differ([], [before.data, after.data], shown, found)
  return found
}

function differ(
  path: readonly PropertyKey[],
  [a, b]: readonly unknown[],
  [shownA, shownB]: readonly unknown[],
  found: Difference[],
): void {
  if (isDeepStrictEqual(a, b)) return
  const isList = Array.isArray(a)
  if (!isFielded(a) || !isFielded(b) || !isFielded(shownA) || !isFielded(shownB) || isList !== Array.isArray(b)) {
    found.push({ path: dataPath(path), ...told(shownA, shownB) })
    return
  }
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    differ([...path, isList ? Number(name) : name], [a[name], b[name]], [shownA[name], shownB[name]], found)
  }
}

function told(before: unknown, after: unknown): Omit<Difference, 'path'> {
  if (isDeepStrictEqual(before, after)) return { secret: true }
  return { ...(before !== undefined && { before }), ...(after !== undefined && { after }) }
}

function isFielded(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

export function differenceLines(differences: readonly Difference[], { paint }: Pick<Output, 'paint'>): string[] {
  const text = (value: unknown): string => printable(JSON.stringify(value))
  return differences.flatMap(({ path, before, after, secret }) => [
    ...(secret ? [`  ${paint.warn(`~ ${printable(path)}`)}: another secret value`] : []),
    ...(before === undefined ? [] : [`  ${paint.bad(`- ${printable(path)}`)}: ${text(before)}`]),
    ...(after === undefined ? [] : [`  ${paint.good(`+ ${printable(path)}`)}: ${text(after)}`]),
  ])
}

/**
 * What can stand between a reader and what was written.
 * @module
 */

import type { JsonSchema } from '../../event/index.ts'

export type SchemaRule =
  | 'type-changed'
  | 'required-added'
  | 'enum-narrowed'
  | 'bound-tightened'
  | 'pattern-changed'
  | 'format-changed'
  | 'additional-properties-closed'
  | 'property-added-to-open-object'
  | 'union-narrowed'
  | 'not-understood'

/** One reason why a stored event may not be what readers expect. */
export interface SchemaBreak {
  /** Where in the payload: `data.lines[].price`. */
  readonly path: string
  readonly rule: SchemaRule
  readonly message: string
  /**
   * False when only events with fields that no schema ever declared are concerned: worth a warning, and not a failed plan.
   */
  readonly certain: boolean
}

/** Compares two schemas that belong to the same place of the payload. */
export type Compare = (written: JsonSchema, reader: JsonSchema, path: string) => SchemaBreak[]

export function broken(path: string, rule: SchemaRule, message: string): SchemaBreak {
  return { path, rule, message, certain: true }
}

/** `data.total`, `data["strange name"]` */
export function fieldPath(path: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`
}

/** A value of a schema, short. */
export function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

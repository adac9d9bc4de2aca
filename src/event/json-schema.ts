/**
 * The JSON Schema of a payload, where its library offers one (Standard JSON Schema).
 * @module
 */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'

/** A JSON Schema, or one of its two shortest: `true` takes everything, `false` nothing. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown }

export interface JsonSchemaWanted {
  /** `input`: what publishers send. `output`: what the schema makes of it, which is what lies in the log. */
  readonly side: 'input' | 'output'
  /** Default `draft-2020-12`. */
  readonly draft?: 'draft-2020-12' | 'draft-07'
}

/**
 * Plain JSON, a copy; or why there is none. Trusts nothing: the library's conversion may be missing, throw, or answer with nonsense. The
 * payload is checked by its own schema all the same.
 */
export function jsonSchemaOf(
  schema: StandardSchemaV1,
  { side, draft = 'draft-2020-12' }: JsonSchemaWanted,
): { readonly schema: JsonSchema } | { readonly problem: string } {
  const standard = schema['~standard'] as StandardSchemaV1['~standard'] & Partial<StandardJSONSchemaV1['~standard']>
  if (typeof standard.jsonSchema?.[side] !== 'function') {
    return { problem: `the schemas of ${String(standard.vendor)} offer no JSON Schema here (Standard JSON Schema)` }
  }
  try {
    return { schema: plain(standard.jsonSchema[side]({ target: draft })) }
  } catch (error) {
    return { problem: `it has no JSON Schema: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function plain(schema: unknown): JsonSchema {
  const copy = JSON.parse(JSON.stringify(schema)) as unknown
  if (typeof copy !== 'object' || copy === null || Array.isArray(copy))
    throw new TypeError('what it gives is no schema')
  return copy as JsonSchema
}

/**
 * Names for parts of a document, made of event types: letters, digits, dots, dashes and underscores only, no two alike.
 * @param taken names that others have; those that are given are added
 */
export function partNames(types: Iterable<string>, taken: Set<string>): readonly string[] {
  return Array.from(types, (type) => {
    const name = type.replaceAll(/[^\w.-]/g, '_')
    let free = name
    for (let nth = 2; taken.has(free); nth++) free = `${name}_${nth}`
    taken.add(free)
    return free
  })
}

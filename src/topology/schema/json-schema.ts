/**
 * The JSON Schema of an event's payload, where its library offers one (Standard JSON Schema): what is written, and what readers take.
 * @module
 */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'

/** A JSON Schema (draft 2020-12), or one of its two shortest: `true` takes everything, `false` nothing. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown }

/** What can be said about one event's payload. */
export type PayloadSchema =
  | {
      /** What this schema puts out, which is what lies in the log. */
      readonly written: JsonSchema
      /** What handlers of this schema can read: as `written`, but open where unknown fields are only left out. */
      readonly read: JsonSchema
    }
  | { readonly notChecked: string }

const target = 'draft-2020-12'

/** Trusts nothing: the library's conversion may be missing, throw, or answer with nonsense. */
export function payloadSchemaOf(schema: StandardSchemaV1): PayloadSchema {
  const standard = schema['~standard'] as StandardSchemaV1['~standard'] & Partial<StandardJSONSchemaV1['~standard']>
  if (typeof standard.jsonSchema?.output !== 'function') {
    return { notChecked: `the schemas of ${String(standard.vendor)} offer no JSON Schema here (Standard JSON Schema)` }
  }
  let output: JsonSchema
  try {
    output = plain(standard.jsonSchema.output({ target }))
  } catch (error) {
    return { notChecked: `it has no JSON Schema: ${error instanceof Error ? error.message : String(error)}` }
  }
  let input: JsonSchema = output
  try {
    input = plain(standard.jsonSchema.input({ target }))
  } catch {
    // Without it every object that is closed stays closed: more is refused than need be, nothing is let pass.
  }
  return { written: output, read: opened(output, input) }
}

function plain(schema: unknown): JsonSchema {
  const copy = JSON.parse(JSON.stringify(schema)) as unknown
  if (typeof copy !== 'object' || copy === null || Array.isArray(copy))
    throw new TypeError('what it gives is no schema')
  return copy as JsonSchema
}

/**
 * `output` with its objects open where those of `input` are: such a schema leaves unknown fields out instead of refusing
 * them, so an event that has one (of an older version) is none to stumble over.
 */
export function opened(output: unknown, input: unknown): JsonSchema {
  return openedValue(output, input) as JsonSchema
}

function openedValue(output: unknown, input: unknown): unknown {
  if (Array.isArray(output)) {
    return output.map((each: unknown, index) => openedValue(each, Array.isArray(input) ? input[index] : undefined))
  }
  if (typeof output !== 'object' || output === null) return output
  const given = output as Record<string, unknown>
  const beside = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>
  const result: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    const opens =
      name === 'additionalProperties' && value === false && isObjectSchema(beside) && !Object.hasOwn(beside, name)
    if (!opens) result[name] = literal.has(name) ? value : openedValue(value, beside[name])
  }
  return result
}

/** Keywords whose values are data and no schemas. */
const literal = new Set(['const', 'enum', 'default', 'examples', 'required', 'type'])

function isObjectSchema(schema: Record<string, unknown>): boolean {
  return schema['type'] === 'object'
}

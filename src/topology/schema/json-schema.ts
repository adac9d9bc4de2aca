/**
 * The JSON Schemas of an event's payload: what is written, and what readers take.
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { jsonSchemaOf, type JsonSchema } from '../../event/index.ts'

/** What can be said about one event's payload. */
export type PayloadSchema =
  | {
      /** What this schema puts out, which is what lies in the log. */
      readonly written: JsonSchema
      /** What handlers of this schema can read: as `written`, but open where unknown fields are only left out. */
      readonly read: JsonSchema
    }
  | { readonly notChecked: string }

export function payloadSchemaOf(schema: StandardSchemaV1): PayloadSchema {
  const output = jsonSchemaOf(schema, { side: 'output' })
  if ('problem' in output) return { notChecked: output.problem }
  const input = jsonSchemaOf(schema, { side: 'input' })
  // Without it every object that is closed stays closed: more is refused than need be, nothing is let pass.
  return { written: output.schema, read: opened(output.schema, 'schema' in input ? input.schema : output.schema) }
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

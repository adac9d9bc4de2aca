/**
 * The types of events that can be published, with the JSON Schemas of what publishers send.
 * @module
 */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import type { CompiledConfig } from '../config/index.ts'

export interface ListedType {
  readonly type: string
  readonly stream: string
  readonly lane: string
  /** JSON Schema (draft 2020-12) of `data`; null where its library offers none. */
  readonly schema: unknown
}

/** @param isListed whether who asks may see the type */
export function listedTypes(
  config: CompiledConfig,
  isListed: (type: string) => boolean = () => true,
): readonly ListedType[] {
  const listed = [...config.events.values()].filter(({ type }) => isListed(type))
  return listed.map(({ type, stream, lane, schema }) => {
    return { type, stream, lane, schema: jsonSchemaOf(schema) }
  })
}

function jsonSchemaOf(schema: StandardSchemaV1): unknown {
  const standard = schema['~standard'] as StandardSchemaV1['~standard'] & Partial<StandardJSONSchemaV1['~standard']>
  try {
    return standard.jsonSchema?.input({ target: 'draft-2020-12' }) ?? null
  } catch {
    // A schema that JSON Schema cannot express; it is checked all the same.
    return null
  }
}

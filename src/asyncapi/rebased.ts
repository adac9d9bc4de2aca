/**
 * A JSON Schema as a part of a larger document.
 * @module
 */
import type { JsonSchema } from '../event/index.ts'

/** Keywords whose values are data and no schemas. */
const literal = new Set(['const', 'enum', 'default', 'examples', 'required'])
/** Keywords that have schemas below names, which are no keywords. */
const named = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependencies', 'dependentSchemas'])

/**
 * The schema as it stands at `place` of a document (`#/components/schemas/order`): what it refers to inside of itself is found there. AsyncAPI
 * takes every reference from the whole document's root, whatever `$id` says.
 */
export function rebased(schema: JsonSchema, place: string): unknown {
  if (typeof schema !== 'object') return schema
  const { $schema: _draft, $id: _id, ...rest } = schema
  return rebasedSchema(rest, place)
}

function rebasedSchema(schema: unknown, place: string): unknown {
  if (Array.isArray(schema)) return schema.map((each: unknown) => rebasedSchema(each, place))
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]: [string, unknown]) => {
      if (keyword === '$ref' && typeof value === 'string' && value.startsWith('#'))
        return [keyword, place + value.slice(1)]
      if (literal.has(keyword)) return [keyword, value]
      return [keyword, named.has(keyword) ? rebasedByName(value, place) : rebasedSchema(value, place)]
    }),
  )
}

function rebasedByName(schemas: unknown, place: string): unknown {
  if (typeof schemas !== 'object' || schemas === null) return schemas
  return Object.fromEntries(Object.entries(schemas).map(([name, each]) => [name, rebasedSchema(each, place)]))
}

/**
 * The types of events that can be published, with the JSON Schemas of what publishers send.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import { jsonSchemaOf, type JsonSchema } from '../event/index.ts'

export interface ListedType {
  readonly type: string
  readonly stream: string
  readonly lane: string
  /** JSON Schema (draft 2020-12) of `data`; null where there is none. */
  readonly schema: JsonSchema | null
}

/** @param isListed whether who asks may see the type */
export function listedTypes(
  config: CompiledConfig,
  isListed: (type: string) => boolean = () => true,
): readonly ListedType[] {
  const listed = [...config.events.values()].filter(({ type }) => isListed(type))
  return listed.map(({ type, stream, lane, schema }) => {
    const found = jsonSchemaOf(schema, { side: 'input' })
    return { type, stream, lane, schema: 'schema' in found ? found.schema : null }
  })
}

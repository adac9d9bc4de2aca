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

export function listedTypes(config: CompiledConfig): readonly ListedType[] {
  return [...config.events.values()].map(({ type, stream, lane, schema }) => {
    const found = jsonSchemaOf(schema, { side: 'input' })
    return { type, stream, lane, schema: 'schema' in found ? found.schema : null }
  })
}

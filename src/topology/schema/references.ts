/**
 * References inside a schema, and when two schemas have no value in common.
 * @module
 */
import type { JsonSchema } from '../../event/index.ts'
import { finiteValues, sameJson, type Keywords } from './scalars.ts'

/** One document of schemas: its root, and what its references mean. */
export class Schemas {
  readonly #root: JsonSchema
  /** The same answer each time: who compares knows by it that it was here before. */
  readonly #resolved = new WeakMap<object, JsonSchema>()

  constructor(root: JsonSchema) {
    this.#root = root
  }

  /** The schema itself, references followed. `undefined` when one leads nowhere. */
  resolve(schema: JsonSchema | undefined): JsonSchema | undefined {
    if (typeof schema !== 'object') return schema
    const resolved = this.#resolved.get(schema) ?? this.#follow(schema)
    if (resolved !== undefined) this.#resolved.set(schema, resolved)
    return resolved
  }

  #follow(schema: JsonSchema): JsonSchema | undefined {
    let current: JsonSchema | undefined = schema
    for (let steps = 0; typeof current === 'object' && typeof current['$ref'] === 'string'; steps++) {
      if (steps === 32) return undefined
      const { $ref, ...beside } = current
      const target = this.#find($ref as string)
      const constraints = Object.keys(beside).filter((name) => !annotations.has(name))
      // What stands beside a reference holds as well.
      current = constraints.length === 0 ? target : target === undefined ? undefined : { allOf: [target, beside] }
    }
    return current
  }

  #find(reference: string): JsonSchema | undefined {
    if (reference === '#') return this.#root
    if (!reference.startsWith('#/')) return undefined
    let found: unknown = this.#root
    for (const part of reference.slice(2).split('/')) {
      const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
      found = typeof found === 'object' && found !== null ? (found as Keywords)[name] : undefined
    }
    return found as JsonSchema | undefined
  }
}

const annotations = new Set(['$defs', 'definitions', '$schema', '$id', 'title', 'description', 'default', 'examples'])

/** True only when it is certain that no value is valid under both. */
export function isDisjoint(
  written: Keywords,
  other: JsonSchema | undefined,
  writtenIn: Schemas,
  otherIn: Schemas,
): boolean {
  if (other === false) return true
  if (typeof other !== 'object') return false
  const [left, right] = [typeSet(written), typeSet(other)]
  if (left !== undefined && right !== undefined && left.every((type) => !right.includes(type))) return true
  const values = finiteValues(written, undefined)
  const others = finiteValues(other, undefined)
  if (values !== undefined && others !== undefined) {
    return values.every((value) => !others.some((each) => sameJson(value, each)))
  }
  return haveDistinctField(written, other, writtenIn, otherIn)
}

/** A field both require, of which no value fits both: what tells the members of a discriminated union apart. */
function haveDistinctField(written: Keywords, other: Keywords, writtenIn: Schemas, otherIn: Schemas): boolean {
  if (written['type'] !== 'object' || other['type'] !== 'object') return false
  const required = (schema: Keywords): readonly unknown[] =>
    Array.isArray(schema['required']) ? schema['required'] : []
  return required(written).some((name) => {
    if (typeof name !== 'string' || !required(other).includes(name)) return false
    const mine = writtenIn.resolve((written['properties'] as Record<string, JsonSchema> | undefined)?.[name])
    const theirs = otherIn.resolve((other['properties'] as Record<string, JsonSchema> | undefined)?.[name])
    return typeof mine === 'object' && isDisjoint(mine, theirs, writtenIn, otherIn)
  })
}

/** `integer` is a `number`. */
function typeSet(schema: Keywords): readonly string[] | undefined {
  const { type } = schema
  if (type === undefined) return undefined
  return (Array.isArray(type) ? type.map(String) : [String(type)]).map((each) => (each === 'integer' ? 'number' : each))
}

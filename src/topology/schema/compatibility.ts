/**
 * Whether everything that one JSON Schema allows to be written is allowed by another that reads it: a proof from the schemas alone.
 * What cannot be proved counts as a break (`not-understood`); so "compatible" can be relied on, and a break may be a false alarm.
 * @module
 */
import { broken, valueText, type Compare, type SchemaBreak } from './break.ts'
import type { JsonSchema } from '../../event/index.ts'
import { arrayBreaks, objectBreaks } from './containers.ts'
import { isDisjoint, Schemas } from './references.ts'
import { enumBreaks, finiteValues, jsonType, numberBreaks, sameJson, textBreaks, type Keywords } from './scalars.ts'

/**
 * What of `written` a reader with the schema `reader` may not expect; empty when every value that is valid under `written` is valid
 * under `reader`.
 */
export function schemaBreaks(written: JsonSchema, reader: JsonSchema): readonly SchemaBreak[] {
  if (sameJson(written, reader)) return []
  const found = new Comparison(new Schemas(written), new Schemas(reader)).compare(written, reader, 'data')
  const seen = new Set<string>()
  return found.filter(({ path, rule, message }) => {
    const key = `${path} ${rule} ${message}`
    return !seen.has(key) && seen.add(key)
  })
}

/** Keywords that are looked at; of the others only those that say nothing about validity may be there. */
const understood = new Set([
  '$ref', '$defs', 'definitions', 'type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf',
  'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'pattern', 'format',
  'properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames', 'minProperties', 'maxProperties',
  'items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems',
  '$schema', '$id', '$anchor', '$comment', 'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly',
  'contentEncoding', 'contentMediaType',
]) // prettier-ignore

const everyType = ['null', 'boolean', 'number', 'string', 'array', 'object'] as const

class Comparison {
  readonly #written: Schemas
  readonly #reader: Schemas
  /** Pairs being compared further up: a schema that contains itself is compatible when nothing else says otherwise. */
  readonly #open = new Map<unknown, Set<unknown>>()

  constructor(written: Schemas, reader: Schemas) {
    this.#written = written
    this.#reader = reader
  }

  readonly compare: Compare = (written, reader, path) => {
    const [from, to] = [this.#written.resolve(written), this.#reader.resolve(reader)]
    if (from === false || to === true) return []
    if (to === false) return [broken(path, 'type-changed', 'nothing is allowed here any more')]
    if (to === undefined) return [broken(path, 'not-understood', `the reference ${valueText(reader)} leads nowhere`)]
    const open = this.#open.get(from) ?? new Set()
    if (open.has(to)) return []
    this.#open.set(from, open.add(to))
    try {
      return this.#resolved(from === true || from === undefined ? {} : from, to, path)
    } finally {
      open.delete(to)
    }
  }

  #resolved(written: Keywords, reader: Keywords, path: string): SchemaBreak[] {
    for (const union of ['anyOf', 'oneOf']) {
      const branches = written[union]
      if (!Array.isArray(branches)) continue
      const { [union]: _, ...rest } = written
      return branches.flatMap((branch: JsonSchema) => this.#branch(rest, branch, reader, path))
    }
    if (Array.isArray(written['allOf'])) return this.#writtenAll(written, written['allOf'], reader, path)
    const types = typesOf(written)
    if (types.length !== 1) return this.#types(written, types, reader, path)
    return this.#reads(written, types[0]!, reader, path)
  }

  /** What was written is both: it is enough when either alone can be read. */
  #branch(rest: Keywords, branch: JsonSchema, reader: Keywords, path: string): SchemaBreak[] {
    const resolved = this.#written.resolve(branch)
    const isPlain = typeof resolved === 'object' && Object.keys(rest).every((name) => !Object.hasOwn(resolved, name))
    return this.compare(isPlain ? { ...rest, ...resolved } : branch, reader, path)
  }

  #writtenAll(written: Keywords, parts: readonly JsonSchema[], reader: Keywords, path: string): SchemaBreak[] {
    const { allOf: _, ...rest } = written
    const tried = [...parts, rest].map((part) => this.compare(part, reader, path))
    return tried.toSorted((a, b) => a.length - b.length)[0]!
  }

  #types(written: Keywords, types: readonly string[], reader: Keywords, path: string): SchemaBreak[] {
    const readerTypes =
      Array.isArray(reader['type']) || typeof reader['type'] === 'string' ? typesOf(reader) : everyType
    const isOpen = !Object.hasOwn(written, 'type') && types.length === everyType.length
    if (isOpen && readerTypes.length < everyType.length) {
      return [broken(path, 'type-changed', `was anything, is now ${readerTypes.join(' or ')}`)]
    }
    return types.flatMap((type) => this.#resolved({ ...written, type }, reader, path))
  }

  /** From here on what was written has one type. */
  #reads(written: Keywords, type: string, reader: Keywords, path: string): SchemaBreak[] {
    const breaks: SchemaBreak[] = []
    const { anyOf, oneOf, allOf } = reader
    if (Array.isArray(anyOf)) breaks.push(...this.#anyOf(written, anyOf as JsonSchema[], path))
    if (Array.isArray(oneOf)) breaks.push(...this.#oneOf(written, oneOf as JsonSchema[], path))
    if (Array.isArray(allOf)) for (const part of allOf) breaks.push(...this.compare(written, part as JsonSchema, path))
    const takes = typesOf(reader)
    if (Object.hasOwn(reader, 'type') && !takes.includes(type) && !(type === 'integer' && takes.includes('number'))) {
      return [...breaks, broken(path, 'type-changed', `was ${type}, is now ${takes.join(' or ')}`)]
    }
    breaks.push(...enumBreaks(written, type, reader, path), ...unknownBreaks(written, reader, path))
    if (type === 'number' || type === 'integer') breaks.push(...numberBreaks(written, reader, path))
    else if (type === 'string') breaks.push(...textBreaks(written, reader, path))
    else if (type === 'array') breaks.push(...arrayBreaks(written, reader, path, this.compare))
    else if (type === 'object') breaks.push(...objectBreaks(written, reader, path, this.compare))
    return breaks
  }

  #anyOf(written: Keywords, branches: readonly JsonSchema[], path: string): SchemaBreak[] {
    const tried = branches.map((branch) => this.compare(written, branch, path))
    const certain = (breaks: readonly SchemaBreak[]): number => breaks.filter((each) => each.certain).length
    const [best] = tried.toSorted((a, b) => certain(a) - certain(b) || a.length - b.length)
    if (best === undefined) return [broken(path, 'union-narrowed', 'no alternative is left')]
    if (best.length === 0 || best.some((each) => each.path !== path)) return best
    const isOfOther = best.every((each) => each.rule === 'type-changed')
    return isOfOther ? [broken(path, 'union-narrowed', `no alternative takes ${described(written)} any more`)] : best
  }

  /** As `anyOf`, and no other alternative may take it as well. */
  #oneOf(written: Keywords, branches: readonly JsonSchema[], path: string): SchemaBreak[] {
    const taken = branches.findIndex((branch) => this.compare(written, branch, path).length === 0)
    if (taken < 0) return this.#anyOf(written, branches, path)
    const others = branches.filter((_, index) => index !== taken).map((branch) => this.#reader.resolve(branch))
    if (others.every((other) => isDisjoint(written, other, this.#written, this.#reader))) return []
    return [broken(path, 'not-understood', 'more than one alternative of "oneOf" may take what was written')]
  }
}

/** A keyword that is not understood is no break where both say the same by it. */
function unknownBreaks(written: Keywords, reader: Keywords, path: string): SchemaBreak[] {
  const isSame = (name: string): boolean =>
    sameJson(reader[name], written[name]) &&
    !JSON.stringify(reader[name]).includes('"$ref"') &&
    // These depend on what stands beside them.
    !/^(?:unevaluated|contains|minContains|maxContains|then|else|\$dynamic)/.test(name)
  return Object.keys(reader)
    .filter((name) => !understood.has(name) && !isSame(name))
    .map((name) => broken(path, 'not-understood', `what "${name}" says cannot be compared`))
}

function typesOf(schema: Keywords): readonly string[] {
  const { type } = schema
  if (typeof type === 'string') return [type]
  if (Array.isArray(type)) return type.map(String)
  const values = finiteValues(schema, undefined)
  return values === undefined ? everyType : [...new Set(values.map(jsonType))]
}

function described(written: Keywords): string {
  if (Object.hasOwn(written, 'const')) return valueText(written['const'])
  return typesOf(written).join(' or ')
}

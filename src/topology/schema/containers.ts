/**
 * Compatibility of objects and arrays.
 * @module
 */
import { broken, fieldPath, valueText, type Compare, type SchemaBreak } from './break.ts'
import type { JsonSchema } from '../../event/index.ts'
import { limitBreaks, sameJson, type Keywords } from './scalars.ts'

export function objectBreaks(written: Keywords, reader: Keywords, path: string, compare: Compare): SchemaBreak[] {
  if (written['const'] !== undefined || written['enum'] !== undefined) return whenFixed(written, reader, path)
  const breaks = limitBreaks(written, reader, path, 'minProperties', 'maxProperties', 'number of fields')
  const had = namesOf(written['required'])
  for (const name of namesOf(reader['required'])) {
    if (!had.includes(name)) {
      breaks.push(broken(fieldPath(path, name), 'required-added', 'is required now; stored events may lack it'))
    }
  }
  const [from, to] = [recordOf(written['properties']), recordOf(reader['properties'])]
  const rest = (written['additionalProperties'] ?? true) as JsonSchema
  const takes = (reader['additionalProperties'] ?? true) as JsonSchema
  const patterns = recordOf(written['patternProperties'])
  for (const [name, schema] of Object.entries(to)) {
    if (Object.hasOwn(from, name)) breaks.push(...compare(from[name]!, schema, fieldPath(path, name)))
    else if (Object.keys(patterns).length > 0) breaks.push(...undeclared(true, schema, name, path, compare))
    else breaks.push(...undeclared(rest, schema, name, path, compare))
  }
  for (const [name, schema] of Object.entries(from)) {
    if (!Object.hasOwn(to, name)) breaks.push(...closed(schema, takes, fieldPath(path, name), compare))
  }
  for (const schema of Object.values(patterns)) breaks.push(...closed(schema, takes, `${path}.*`, compare))
  breaks.push(...closed(rest, takes, `${path}.*`, compare))
  const { patternProperties, propertyNames } = reader
  if (patternProperties !== undefined && !isSame(patternProperties, written['patternProperties'])) {
    breaks.push(broken(path, 'not-understood', 'what "patternProperties" says cannot be compared'))
  }
  if (propertyNames !== undefined) breaks.push(...nameBreaks(written, from, propertyNames as JsonSchema, path, compare))
  return breaks
}

/** A field that was not declared: it may be there, and be anything that undeclared fields could be. */
function undeclared(
  rest: JsonSchema,
  schema: JsonSchema,
  name: string,
  path: string,
  compare: Compare,
): readonly SchemaBreak[] {
  const breaks = compare(rest, schema, fieldPath(path, name))
  if (rest !== true || breaks.length === 0) return breaks
  return [
    {
      path: fieldPath(path, name),
      rule: 'property-added-to-open-object',
      message:
        'is declared now; unknown fields were kept before, so that stored events may have another one of this name',
      certain: false,
    },
  ]
}

function closed(schema: JsonSchema, takes: JsonSchema, path: string, compare: Compare): readonly SchemaBreak[] {
  if (schema === false || takes === true) return []
  if (takes !== false) return compare(schema, takes, path)
  return [broken(path, 'additional-properties-closed', 'is not declared any more, and unknown fields are refused now')]
}

function nameBreaks(
  written: Keywords,
  declared: Readonly<Record<string, JsonSchema>>,
  names: JsonSchema,
  path: string,
  compare: Compare,
): readonly SchemaBreak[] {
  // Without other names there are only the declared ones.
  const isClosed = written['additionalProperties'] === false && written['patternProperties'] === undefined
  const had = isClosed
    ? { type: 'string', enum: Object.keys(declared) }
    : (written['propertyNames'] ?? { type: 'string' })
  return compare(had as JsonSchema, names, `${path} (names of fields)`)
}

export function arrayBreaks(written: Keywords, reader: Keywords, path: string, compare: Compare): SchemaBreak[] {
  if (written['const'] !== undefined || written['enum'] !== undefined) return whenFixed(written, reader, path)
  const breaks = limitBreaks(written, reader, path, 'minItems', 'maxItems', 'number of items')
  if (reader['uniqueItems'] === true && written['uniqueItems'] !== true) {
    breaks.push(broken(path, 'bound-tightened', 'its items must be distinct now'))
  }
  const [from, to] = [listOf(written['prefixItems']), listOf(reader['prefixItems'])]
  const most = typeof written['maxItems'] === 'number' ? written['maxItems'] : Infinity
  const places = Math.min(Math.max(from.length, to.length), most)
  const [rest, takes] = [(written['items'] ?? true) as JsonSchema, (reader['items'] ?? true) as JsonSchema]
  for (let place = 0; place < places; place++) {
    breaks.push(...compare(from[place] ?? rest, to[place] ?? takes, `${path}[${place}]`))
  }
  if (places < most) breaks.push(...compare(rest, takes, `${path}[]`))
  return breaks
}

/** A whole object or list as the only value there is: only an equal schema is understood. */
function whenFixed(written: Keywords, reader: Keywords, path: string): SchemaBreak[] {
  if (isSame(written, reader) || reader['enum'] !== undefined || reader['const'] !== undefined) return []
  const others = Object.keys(reader).filter((name) => name !== 'type')
  if (others.length === 0) return []
  return [
    broken(path, 'not-understood', `was ${valueText(written['const'] ?? written['enum'])}, and is described anew`),
  ]
}

function isSame(a: unknown, b: unknown): boolean {
  return sameJson(a, b) && !JSON.stringify(a).includes('"$ref"')
}

function recordOf(value: unknown): Readonly<Record<string, JsonSchema>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, JsonSchema>) : {}
}

function listOf(value: unknown): readonly JsonSchema[] {
  return Array.isArray(value) ? (value as JsonSchema[]) : []
}

function namesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : []
}

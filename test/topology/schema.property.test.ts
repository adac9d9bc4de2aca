/**
 * What is called compatible is: a value that is valid under the old schema is valid under the new one. Judged by a JSON Schema validator
 * that knows nothing of the comparison.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { schemaBreaks } from '../../src/topology/schema/compatibility.ts'
import type { JsonSchema } from '../../src/event/index.ts'

const names = ['a', 'b', 'c']
const values = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 1, 2, 3.5, -1, '', 'a', 'b', 'ab', 'abc', 'é'),
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<unknown>(null, true, 0, 1, 2, 10, 'a', 'b', 'abc'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names, 'other'), tie('value'), { maxKeys: 3 }),
    ),
  })).value,
)

const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 1 })
const small = fc.integer({ min: 0, max: 3 })

const scalar: fc.Arbitrary<object> = fc.oneof(
  fc.constantFrom({ type: 'null' }, { type: 'boolean' }, { type: 'string' }, { type: 'number' }, { type: 'integer' }),
  fc.record({ type: fc.constant('string'), minLength: some(small), maxLength: some(small), pattern: some(fc.constantFrom('^a', 'b$')) }),
  fc.record({ type: fc.constantFrom('number', 'integer'), minimum: some(small), exclusiveMaximum: some(small), maximum: some(small), multipleOf: some(fc.constantFrom(1, 2, 0.5)) }),
  fc.record({ enum: fc.uniqueArray(fc.constantFrom<unknown>(null, true, 0, 1, 2, 'a', 'b', 'ab'), { minLength: 1, maxLength: 4 }) }),
  fc.record({ const: fc.constantFrom<unknown>(null, true, 1, 'a', 'b') }),
  fc.constant({ type: ['string', 'null'] }),
) // prettier-ignore

const schemas = fc.letrec<{ schema: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar as fc.Arbitrary<JsonSchema>,
    fc.boolean(),
    fc.record({
      type: fc.constantFrom('object', undefined),
      properties: some(fc.dictionary(fc.constantFrom(...names), tie('schema'), { maxKeys: 3 })),
      required: some(fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 })),
      additionalProperties: some(fc.oneof(fc.boolean(), tie('schema'))),
      patternProperties: fc.option(fc.dictionary(fc.constantFrom('^a', 'o'), tie('schema'), { maxKeys: 1 }), { nil: undefined, freq: 4 }),
      propertyNames: fc.option(fc.constantFrom({ enum: names }, { maxLength: 1 }), { nil: undefined, freq: 5 }),
      minProperties: some(small),
    }),
    fc.record({
      type: fc.constant('array'),
      items: some(tie('schema')),
      prefixItems: fc.option(fc.array(tie('schema'), { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 3 }),
      minItems: some(small),
      maxItems: some(small),
      uniqueItems: some(fc.boolean()),
    }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }), minLength: some(small) }),
    fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }), required: some(fc.constant(['a'])) }),
    fc.record({ $ref: fc.constantFrom('#/$defs/x', '#'), minProperties: some(small) }),
  ),
})).schema.map(withoutUndefined) // prettier-ignore

function withoutUndefined(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema)) as JsonSchema
}

/** A document with something for `#/$defs/x` to lead to; a reference straight to itself is no schema. */
const documents = fc
  .tuple(schemas, scalar)
  .map(([schema, x]): JsonSchema => (typeof schema === 'boolean' ? schema : { ...schema, $defs: { x: withoutUndefined(x as JsonSchema) } }))
  .filter((schema) => !/"\$ref":"#"/.test(JSON.stringify(schema)) || isSound(schema)) // prettier-ignore

/** References to the whole only inside fields and items: elsewhere they mean themselves. */
function isSound(schema: JsonSchema): boolean {
  if (typeof schema === 'boolean') return true
  if (schema['$ref'] === '#') return false
  return ['anyOf', 'oneOf', 'allOf'].every((name) => ((schema[name] ?? []) as JsonSchema[]).every(isSound))
}

/** The document with one place changed, as a team changes a schema: most such pairs are close to each other. */
function changed(schema: JsonSchema, at: number, by: JsonSchema): JsonSchema {
  let place = 0
  const walk = (value: unknown, isSchema: boolean): unknown => {
    if (isSchema && !Array.isArray(value) && place++ === at) return by
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((each) => walk(each, isSchema))
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        const holdsSchemas = ['items', 'anyOf', 'oneOf', 'allOf', 'prefixItems', 'additionalProperties'].includes(name)
        if (name === 'properties' || name === 'patternProperties') {
          return [
            name,
            Object.fromEntries(Object.entries(inner as object).map(([key, each]) => [key, walk(each, true)])),
          ]
        }
        return [name, holdsSchemas ? walk(inner, true) : inner]
      }),
    )
  }
  return walk(schema, true) as JsonSchema
}

const near = fc.tuple(documents, fc.integer({ min: 1, max: 4 }), schemas)
const pairs = fc
  .oneof(
    fc.tuple(documents, documents),
    near.map(([schema, at, by]): [JsonSchema, JsonSchema] => [schema, changed(schema, at, by)]),
    near.map(([schema, at, by]): [JsonSchema, JsonSchema] => [changed(schema, at, by), schema]),
  )
  .filter(([old, next]) => isSound(old) && isSound(next))

test('a value that is valid under the old schema is valid under a compatible new one', () => {
  let compatible = 0
  let judged = 0
  fc.assert(
    fc.property(pairs, fc.array(values, { minLength: 20, maxLength: 40 }), ([old, next], samples) => {
      const breaks = schemaBreaks(old, next)
      if (breaks.length > 0 || old === false || JSON.stringify(old) === JSON.stringify(next)) return
      const validator = new Ajv2020({ strict: false, allErrors: false })
      let [isOld, isNext]: ((value: unknown) => boolean)[] = []
      try {
        isOld = validator.compile(old as object) as (value: unknown) => boolean
        isNext = validator.compile(next as object) as (value: unknown) => boolean
      } catch {
        return
      }
      compatible++
      for (const value of samples) {
        if (!isOld(value)) continue
        judged++
        expect(isNext(value), `${JSON.stringify(value)} under ${JSON.stringify(next)}`).toBe(true)
      }
    }),
    { numRuns: 1_500 },
  )
  // Else nothing was shown.
  expect(compatible).toBeGreaterThan(50)
  expect(judged).toBeGreaterThan(200)
}, 60_000)

test('what is the same is compatible, and so is more of the same', () => {
  fc.assert(
    fc.property(documents, (schema) => {
      expect(schemaBreaks(schema, structuredClone(schema))).toEqual([])
      expect(schemaBreaks(schema, true)).toEqual([])
    }),
    { numRuns: 300 },
  )
})

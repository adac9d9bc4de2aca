/**
 * Which changes of an event's schema break readers: rule by rule, and with the schemas of real libraries.
 */
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { schemaBreaks } from '../../src/topology/schema/compatibility.ts'
import type { JsonSchema } from '../../src/event/index.ts'
import { payloadSchemaOf } from '../../src/topology/schema/json-schema.ts'

const object = (properties: object, more: object = {}): JsonSchema => ({ type: 'object', properties, ...more })
const found = (written: JsonSchema, reader: JsonSchema): string[] =>
  schemaBreaks(written, reader).map(({ path, rule, certain }) => `${path} ${rule}${certain ? '' : '?'}`)

describe('rules', () => {
  const text = { type: 'string' }
  const closed = { additionalProperties: false }
  const table: [name: string, written: JsonSchema, reader: JsonSchema, breaks: string[]][] = [
    ['the same', object({ a: text }), object({ a: text }), []],
    ['a description', text, { ...text, description: 'x', title: 'y' }, []],
    ['a field gets another type', object({ a: text }), object({ a: { type: 'number' } }), ['data.a type-changed']],
    ['a whole number becomes any', { type: 'integer' }, { type: 'number' }, []],
    ['any number becomes whole', { type: 'number' }, { type: 'integer' }, ['data type-changed']],
    ['null is allowed', text, { anyOf: [text, { type: 'null' }] }, []],
    ['null is refused', { type: ['string', 'null'] }, text, ['data type-changed']],
    ['a field becomes required', object({ a: text }), object({ a: text }, { required: ['a'] }), ['data.a required-added']],
    ['a field becomes optional', object({ a: text }, { required: ['a'] }), object({ a: text }), []],
    ['a value is added', { enum: ['a', 'b'] }, { enum: ['a', 'b', 'c'] }, []],
    ['a value is taken away', { enum: ['a', 'b'] }, { enum: ['a'] }, ['data enum-narrowed']],
    ['any text becomes one of', text, { type: 'string', enum: ['a'] }, ['data enum-narrowed']],
    ['one of becomes any text', { enum: ['a', 'b'] }, text, []],
    ['a bound is loosened', { type: 'number', minimum: 2 }, { type: 'number', minimum: 1 }, []],
    ['a bound is tightened', { type: 'number', minimum: 1 }, { type: 'number', minimum: 2 }, ['data bound-tightened']],
    ['a bound gets exclusive', { type: 'number', maximum: 1 }, { type: 'number', exclusiveMaximum: 1 }, ['data bound-tightened']],
    ['values within a new bound', { enum: [1, 2] }, { type: 'number', maximum: 2 }, []],
    ['values beyond a new bound', { enum: [1, 3] }, { type: 'number', maximum: 2 }, ['data bound-tightened']],
    ['a text gets shorter', text, { type: 'string', maxLength: 5 }, ['data bound-tightened']],
    ['a text gets a pattern', text, { type: 'string', pattern: '^a' }, ['data pattern-changed']],
    ['values match a new pattern', { enum: ['ab'] }, { type: 'string', pattern: '^a' }, []],
    ['a text gets a format', text, { type: 'string', format: 'date' }, ['data format-changed']],
    ['unknown fields are refused', object({}), object({}, closed), ['data.* additional-properties-closed']],
    ['a field goes from a closed object', object({ a: text }, closed), object({}, closed), ['data.a additional-properties-closed']],
    ['a field goes from an open object', object({ a: text }), object({}), []],
    ['a field comes to a closed object', object({}, closed), object({ a: text }, closed), []],
    ['a field comes to an open object', object({}), object({ a: text }), ['data.a property-added-to-open-object?']],
    ['deep inside', object({ l: { type: 'array', items: object({ p: text }) } }), object({ l: { type: 'array', items: object({ p: { type: 'number' } }) } }), ['data.l[].p type-changed']],
    ['a list gets longer at least', { type: 'array' }, { type: 'array', minItems: 1 }, ['data bound-tightened']],
    ['a place of a tuple', { type: 'array', prefixItems: [text, text] }, { type: 'array', prefixItems: [text, { type: 'number' }] }, ['data[1] type-changed']],
    ['an alternative is added', { anyOf: [text] }, { anyOf: [text, { type: 'number' }] }, []],
    ['an alternative is taken away', { anyOf: [text, { type: 'number' }] }, { anyOf: [text, { type: 'null' }] }, ['data union-narrowed']],
    ['what is not understood changes', text, { type: 'string', not: { const: 'a' } }, ['data not-understood']],
    ['what is not understood stays', { type: 'string', not: { const: 'a' } }, { type: 'string', not: { const: 'a' }, title: 'x' }, []],
    ['anything becomes something', {}, text, ['data type-changed']],
    ['behind a reference', { $defs: { t: text }, ...object({ a: { $ref: '#/$defs/t' } }) as object }, object({ a: { type: 'number' } }), ['data.a type-changed']],
    ['a schema that contains itself', { ...object({ next: { $ref: '#' }, a: text }) as object }, { ...object({ next: { $ref: '#' }, a: text }) as object, title: 'x' }, []],
    ['a change inside one that contains itself', { ...object({ next: { $ref: '#' }, a: text }) as object }, { ...object({ next: { $ref: '#' }, a: { type: 'null' } }) as object }, ['data.a type-changed']],
  ] // prettier-ignore
  test.each(table)('%s', (_, written, reader, breaks) => expect(found(written, reader)).toEqual(breaks))

  test('members of a discriminated union are told apart', () => {
    const member = (kind: string, field: object): object =>
      object({ kind: { const: kind }, field }, { required: ['kind'] }) as object
    const was = { oneOf: [member('a', text), member('b', { type: 'number' })] }
    expect(found(was, { oneOf: [...was.oneOf, member('c', text)] })).toEqual([])
    expect(found(was, { oneOf: [member('a', text)] })).not.toEqual([])
    // A text that is two of the alternatives at once is valid under neither.
    expect(found(text, { oneOf: [text, { type: ['string', 'null'] }] })).toEqual(['data not-understood'])
  })
})

describe('schemas of libraries', () => {
  const change = (before: Parameters<typeof payloadSchemaOf>[0], after: Parameters<typeof payloadSchemaOf>[0]) => {
    const [was, is] = [payloadSchemaOf(before), payloadSchemaOf(after)]
    if (!('written' in was) || !('written' in is)) throw new Error('no JSON Schema')
    return found(was.written, is.read)
  }
  const order = { id: z.string(), total: z.number().min(0), at: z.iso.datetime() }

  test('zod: optional fields come and go, unknown ones are left out', () => {
    expect(change(z.object(order), z.object({ ...order, note: z.string().optional() }))).toEqual([])
    expect(change(z.object(order), z.object({ id: z.string() }))).toEqual([])
    expect(change(z.object(order), z.strictObject({ id: z.string() }))).toEqual([
      'data.total additional-properties-closed',
      'data.at additional-properties-closed',
    ])
  })

  test('zod: a default does not reach what is stored already', () => {
    expect(change(z.object(order), z.object({ ...order, currency: z.string().default('EUR') }))).toEqual([
      'data.currency required-added',
    ])
  })

  test('zod: unions, records, recursion', () => {
    const kinds = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('card'), number: z.string() }),
      z.object({ kind: z.literal('cash') }),
    ])
    const more = z.discriminatedUnion('kind', [
      ...kinds.options,
      z.object({ kind: z.literal('gift'), code: z.string() }),
    ])
    expect(change(z.object({ pay: kinds }), z.object({ pay: more }))).toEqual([])
    expect(change(z.object({ pay: more }), z.object({ pay: kinds })).length).toBeGreaterThan(0)
    const tags = z.record(z.string(), z.number())
    expect(change(z.object({ tags }), z.object({ tags: z.record(z.string(), z.string()) }))).toEqual([
      'data.tags.* type-changed',
    ])
    const node = z.object({ name: z.string(), get kids() { return z.array(node) } }) // prettier-ignore
    const wider = z.object({ name: z.string().optional(), get kids() { return z.array(wider) } }) // prettier-ignore
    expect(change(node, wider)).toEqual([])
    expect(change(wider, node)).toEqual(['data.name required-added'])
  })

  test('arktype keeps unknown fields: a new one is a warning', () => {
    expect(change(type({ a: 'string' }), type({ a: 'string', 'b?': 'number' }))).toEqual([
      'data.b property-added-to-open-object?',
    ])
    expect(change(type({ a: "'x'|'y'" }), type({ a: "'x'" }))).toEqual(['data.a enum-narrowed'])
  })

  test('where there is no JSON Schema it says so', () => {
    expect(payloadSchemaOf(v.object({ a: v.string() }))).toEqual({ notChecked: expect.stringContaining('valibot') })
    expect(payloadSchemaOf(z.object({ at: z.date() }))).toEqual({ notChecked: expect.stringContaining('Date') })
  })
})

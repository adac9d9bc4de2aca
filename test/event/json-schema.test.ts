/** JSON Schemas of payloads, from libraries that may do anything. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { jsonSchemaOf, partNames } from '../../src/event/index.ts'

const made = (input: () => unknown): StandardSchemaV1 =>
  ({ '~standard': { version: 1, vendor: 'test', jsonSchema: { input } } }) as unknown as StandardSchemaV1

test('each side in the draft that is asked for', () => {
  const schema = z.object({ pair: z.tuple([z.string()]).default(['a']) })
  expect(jsonSchemaOf(schema, { side: 'input' })).toMatchObject({
    schema: { $schema: expect.stringContaining('2020-12'), properties: { pair: { prefixItems: [{}] } } },
  })
  expect(jsonSchemaOf(schema, { side: 'output', draft: 'draft-07' })).toMatchObject({
    schema: { $schema: expect.stringContaining('draft-07'), required: ['pair'], properties: { pair: { items: [{}] } } },
  })
})

test('what is missing, throws or is nonsense is a problem in words', () => {
  const fails = (): never => {
    throw new Error('not this one')
  }
  expect(jsonSchemaOf(made(fails), { side: 'input' })).toEqual({ problem: 'it has no JSON Schema: not this one' })
  expect(jsonSchemaOf(made(fails), { side: 'output' })).toEqual({
    problem: expect.stringContaining('of test offer no'),
  })
  for (const nonsense of [undefined, null, 7, [], () => 0]) {
    expect(
      jsonSchemaOf(
        made(() => nonsense),
        { side: 'input' },
      ),
    ).toEqual({ problem: expect.any(String) })
  }
})

test('names of parts: cleaned, and no two alike', () => {
  const taken = new Set(['Problem'])
  expect(partNames(['a/b', 'a b', 'Problem', 'a.b-c'], taken)).toEqual(['a_b', 'a_b_2', 'Problem_2', 'a.b-c'])
  expect(partNames(['a b'], taken)).toEqual(['a_b_3'])
})

/** Payloads against Standard Schemas. @module */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { EventInvalid, validatePayload } from '../../src/event/index.ts'

async function issuesOf(schema: StandardSchemaV1, data: unknown): Promise<EventInvalid> {
  try {
    await validatePayload(schema, data, 'order.placed')
  } catch (error) {
    if (error instanceof EventInvalid) return error
    throw error
  }
  throw new Error('was accepted')
}

function schema(validate: StandardSchemaV1['~standard']['validate']): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

describe.each([
  ['zod', z.object({ lines: z.array(z.object({ price: z.number() })) })],
  ['valibot', v.object({ lines: v.array(v.object({ price: v.number() })) })],
  ['arktype', type({ lines: type({ price: 'number' }).array() })],
])('%s', (_name, lines: StandardSchemaV1) => {
  test('answers at once with the output', () => {
    expect(validatePayload(lines, { lines: [{ price: 1 }] }, 'x')).toEqual({ lines: [{ price: 1 }] })
  })

  test('names type, path and problem', async () => {
    const error = await issuesOf(lines, { lines: [{ price: 1 }, { price: '2' }] })
    expect(error.issues[0]!.path).toBe('data.lines[1].price')
    expect(error.message).toContain('"order.placed"')
    expect(error.message).toContain('data.lines[1].price: ')
  })
})

test('gives the output, not the input', () => {
  expect(validatePayload(z.object({ n: z.coerce.number().default(3) }), {}, 'x')).toEqual({ n: 3 })
  expect(
    validatePayload(
      z.string().transform((text) => text.length),
      'four',
      'x',
    ),
  ).toBe(4)
})

test('waits for asynchronous schemas', async () => {
  const later = z.string().refine(async (text) => text !== 'bad', 'is bad')
  await expect(
    validatePayload(
      schema((value) => later['~standard'].validate(value)),
      'good',
      'x',
    ),
  ).resolves.toBe('good')
  expect(
    (
      await issuesOf(
        schema(async () => ({ issues: [{ message: 'late', path: [{ key: 'a' }, 0] }] })),
        1,
      )
    ).issues,
  ).toEqual([{ path: 'data.a[0]', message: 'late' }])
})

test('survives broken schemas', async () => {
  const thrown = await issuesOf(schema(() => { throw new Error('oops') }), 1) // prettier-ignore
  expect(thrown.message).toContain('the schema threw: oops')
  expect(thrown.cause).toBeInstanceOf(Error)
  expect((await issuesOf(schema(async () => { throw 'text' }), 1)).message).toContain('the schema threw: text') // prettier-ignore
  expect(
    (
      await issuesOf(
        schema(() => undefined as never),
        1,
      )
    ).message,
  ).toContain('neither a value nor issues')
  expect(
    (
      await issuesOf(
        schema(() => ({ issues: [] })),
        1,
      )
    ).message,
  ).toContain('without saying why')
})

test('a message stays short with very many issues; the list has all', async () => {
  const error = await issuesOf(
    z.array(z.number()),
    Array.from({ length: 1000 }, () => 'x'),
  )
  expect(error.issues).toHaveLength(1000)
  expect(error.message.length).toBeLessThan(2000)
  expect(error.message).toContain('and 992 more')
})

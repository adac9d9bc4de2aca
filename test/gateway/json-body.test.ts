import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RequestRefused } from '../../src/gateway/index.ts'
import { jsonBody, maxDepth } from '../../src/gateway/json-body.ts'

/** What is hard on whoever looks for the end of a text: its own marks, escapes, brackets, digits. */
const text = fc.string({
  unit: fc.constantFrom('"', '\\', '{', ']', '9', 'e', 'a', 'é', '\n', '😀'),
  maxLength: 80,
})
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any')),
    fc.dictionary(text, tie('any')),
  ),
})).any

const bytesOf = (json: string): Uint8Array => Buffer.from(json)
const opening = '[{"k":'
const closing = '}]'
/** `levels` brackets, of both kinds, around a text. */
const nested = (levels: number, inner: string): string =>
  opening.repeat(levels / 2) + JSON.stringify(inner) + closing.repeat(levels / 2)

test('reads what JSON.parse reads, however long texts are and whatever is in them', () => {
  fc.assert(
    fc.property(value, (any) => {
      const json = JSON.stringify(any)
      expect(jsonBody(bytesOf(json))).toEqual(JSON.parse(json))
    }),
  )
})

test('counts the depth outside of texts only', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 3 }), (inner, more) => {
      expect(jsonBody(bytesOf(nested(maxDepth, inner)))).toBeInstanceOf(Array)
      expect(() => jsonBody(bytesOf(nested(maxDepth + 2 * more, inner)))).toThrow('nested deeper')
    }),
    { numRuns: 50 },
  )
})

test('finds a number that would be altered wherever it stands', () => {
  const altered = fc.oneof(
    fc.bigInt({ min: 2n ** 53n, max: 10n ** 40n }).map(String),
    fc.integer({ min: 309, max: 999_999 }).map((exponent) => `1e${exponent}`),
    fc.integer({ min: 309, max: 999_999 }).map((exponent) => `-1.5E+${exponent}`),
  )
  fc.assert(
    fc.property(text, altered, text, (before, number, after) => {
      const json = `{"a":[${JSON.stringify(before)},${number}],"b":${JSON.stringify(after)}}`
      expect(() => jsonBody(bytesOf(json))).toThrow(RequestRefused)
      expect(jsonBody(bytesOf(json.replace(number, JSON.stringify(number))))).toMatchObject({ a: [before, number] })
    }),
  )
})

test('a text without an end is not JSON', () => {
  fc.assert(
    fc.property(text, (inner) => {
      const json = `[${JSON.stringify(inner)}`
      for (const cut of [json, json.slice(0, -1), `${json.slice(0, -1)}\\"`]) {
        expect(() => jsonBody(bytesOf(cut))).toThrow(RequestRefused)
      }
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RequestRefused } from '../../src/gateway/index.ts'
import { jsonBody as bounded, jsonList, type ListLimits } from '../../src/gateway/json-body.ts'
import { maxDepth } from '../../src/gateway/json-outline.ts'

const jsonBody = (bytes: Uint8Array, maxValues = Infinity): unknown => bounded(bytes, { maxValues })

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

/** The entries, with refusals by name, or the name of the refusal of the whole; and how often others got their turn. */
async function listed(json: string, limits: Partial<ListLimits> = {}): Promise<{ read: unknown; turns: number }> {
  let turns = 0
  const clock = { yield: () => Promise.resolve(void turns++) }
  const named = (entry: unknown): unknown => (entry instanceof RequestRefused ? entry.problem : entry)
  const all = { maxValues: Infinity, maxEntries: Infinity, maxBytes: Infinity, clock, ...limits }
  const read = await jsonList(bytesOf(json), all).then((list) => list.map(named), named)
  return { read, turns }
}

test('reads lists as JSON.parse does, however long they are and wherever they are cut', async () => {
  const list = fc.array(
    fc.oneof(
      value,
      fc.integer({ min: 1, max: 70_000 }).map((length) => 'x'.repeat(length)),
    ),
  )
  const space = fc.constantFrom('', ' ', '\n\t')
  await fc.assert(
    fc.asyncProperty(list, space, async (entries, gap) => {
      const json = `${gap}[${gap}${entries.map((entry) => JSON.stringify(entry)).join(`${gap},${gap}`)}${gap}]${gap}`
      expect((await listed(json)).read).toEqual(JSON.parse(json))
    }),
  )
})

const long = `"${'x'.repeat(40_000)}"`

test.each([
  '[', '[1', '[1,', '[1,]', '[,1]', '[1,,2]', '[,]', '[1]]', '[1],[2]', '[1}', '[1]1', '[] []', '[[1}]', '[{"a":1],{"b":2}]', '["]',
  `[${long},]`, `[${long},,1]`, `[,${long}]`, `[${long}`, `[${long}}`,
])('the list %.20s… is not JSON', async (json) => {
  expect(() => JSON.parse(json) as unknown).toThrow(SyntaxError)
  expect((await listed(json)).read).toBe('body-invalid')
}) // prettier-ignore

test.each(['{}', '', '7', '{"a":[1]}'])('%j is no list', async (json) => {
  expect((await listed(json)).read).toBe('cloudevent-invalid')
})

test('a field twice, an altered number and too many levels are found in any entry of a list', async () => {
  for (const bad of ['{"a":1,"a":2}', '9007199254740993', '['.repeat(maxDepth) + ']'.repeat(maxDepth)]) {
    for (const json of [`[${bad},${long},1]`, `[1,${long},${bad}]`]) {
      expect((await listed(json)).read).toBe('body-invalid')
    }
  }
  const deepest = '['.repeat(maxDepth - 1) + ']'.repeat(maxDepth - 1)
  expect((await listed(`[${deepest},${deepest}]`)).read).toHaveLength(2)
})

test('an entry that is too large or has too many values is refused in its place, and the others are read', async () => {
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 11 }, (_, nth) => [`k${nth}`, nth])))
  const limits = { maxValues: 10, maxBytes: 50_000 }
  const large = JSON.stringify('x'.repeat(100_000))
  expect((await listed(`[1,${many},[1,2],${large},{"a":3}]`, limits)).read).toEqual([
    1, 'too-many-values', [1, 2], 'too-large', { a: 3 },
  ]) // prettier-ignore
  expect((await listed('[1,2,3]', { maxEntries: 2 })).read).toBe('too-large')
  expect((await listed('[1,2]', { maxEntries: 2 })).read).toEqual([1, 2])
})

test('others get their turn while a long list is read, and while an entry is passed over', async () => {
  const entries = Array.from({ length: 1_000 }, () => ({ text: 'x'.repeat(200) }))
  expect((await listed(JSON.stringify(entries.slice(0, 100)))).turns).toBe(0)
  expect((await listed(JSON.stringify(entries))).turns).toBeGreaterThan(4)
  const one = await listed(`[[${'{},'.repeat(300_000)}{}]]`, { maxValues: 10_000 })
  expect(one.read).toEqual(['too-many-values'])
  expect(one.turns).toBeGreaterThan(20)
})

test('as many values as may be are taken, and one more is refused before anything is parsed', () => {
  const object = (count: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, nth) => [nth, 0])))
  const list = (count: number) => JSON.stringify(Array.from({ length: count }, () => 0))
  for (const json of [object, list]) {
    expect(jsonBody(bytesOf(json(100)), 100)).toEqual(JSON.parse(json(100)))
    // The rest is not looked at: it is no JSON.
    expect(() => jsonBody(bytesOf(`${json(101)}?`), 100)).toThrow('more than 100 values')
  }
})

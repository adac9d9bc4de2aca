import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Item } from '../../../src/cli/input/item.ts'
import { payloadOf, publicationOf } from '../../../src/cli/input/publication.ts'
import { readItems } from '../../../src/cli/input/read.ts'

/** Reads bytes cut into pieces of any size, also inside a letter. */
async function read(text: string, pieces: readonly number[] = [1 << 20]): Promise<Item[]> {
  const bytes = Buffer.from(text)
  const chunks: Buffer[] = []
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const size = Math.max(1, pieces[piece % pieces.length]!)
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return Array.fromAsync(readItems(Readable.from(chunks)))
}

const values = fc.array(fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' }))))
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const parsedOf = (items: readonly Item[]): unknown[] =>
  items.map((item) => ('value' in item ? item.value : item.problem))

test('an array gives its elements, however its bytes are cut and it is laid out', async () => {
  await fc.assert(
    fc.asyncProperty(values, cuts, fc.constantFrom(undefined, 2), async (list, pieces, indent) => {
      expect(parsedOf(await read(JSON.stringify(list, null, indent), pieces))).toEqual(plain(list))
    }),
  )
})

test('NDJSON gives its lines with their numbers, however its bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(values, cuts, async (list, pieces) => {
      const lines = ['{}', ...list.map((value) => JSON.stringify(value))]
      const items = await read(lines.join('\n'), pieces)
      expect(parsedOf(items)).toEqual([{}, ...(plain(list) as unknown[])])
      expect(items.map((item) => item.line)).toEqual(lines.map((_, index) => index + 1))
    }),
  )
})

describe('what is broken is told with its line', () => {
  test('a line of NDJSON does not harm the next', async () => {
    expect(await read('{"a":1}\n{oops\r\n\n{"a":2}\n')).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 2, problem: expect.stringContaining('not JSON') },
      { line: 4, value: { a: 2 } },
    ])
  })

  test.each([
    ['[1,\n2', 2, 'a "]" is missing'],
    ['[1 2]', 1, 'not JSON'],
    ['[1,]', 1, 'where an element should be'],
    ['[1]\n7', 2, 'after the end of the array'],
    ['[1,,2]', 1, 'not JSON'],
  ])('%j', async (text, line, words) => {
    const last = (await read(text)).findLast((item) => 'problem' in item)
    expect(last).toMatchObject({ line, problem: expect.stringContaining(words) })
  })

  test('nothing at all is no event', async () => {
    expect(await read('')).toEqual([])
    expect(await read(' \n\n')).toEqual([])
    expect(await read('[]')).toEqual([])
  })
})

test('reading does not run ahead of what is taken', async () => {
  let produced = 0
  const source = Readable.from(
    (function* () {
      for (; produced < 10_000; produced++) yield Buffer.from(`{"n":${produced}}\n`)
    })(),
  )
  const items = readItems(source)
  for (let taken = 0; taken < 5; taken++) await items.next()
  expect(produced).toBeLessThan(100)
  await items.return(undefined)
})

test('a field goes where its path says, never onto a prototype', () => {
  expect(payloadOf('{"card":{"brand":"x"}}', ['card.number=42', 'total:=1.5', 'note=a=b'])).toEqual({
    card: { brand: 'x', number: '42' },
    total: 1.5,
    note: 'a=b',
  })
  const hostile = payloadOf(undefined, ['__proto__.polluted=yes']) as object
  expect(({} as { polluted?: string }).polluted).toBeUndefined()
  expect(Object.hasOwn(hostile, '__proto__')).toBe(true)
})

test.each([
  [7, 'not an event'],
  [{ data: {} }, '"type" is missing'],
  [{ type: 'x', key: 7 }, '"key" must be text'],
  [{ type: 'x', colour: 'red' }, 'no attribute "colour"'],
])('%j is no event', (value, words) => {
  expect(publicationOf(value, undefined, {})).toContain(words)
})

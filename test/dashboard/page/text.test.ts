/**
 * What the page makes of numbers, bytes, schemas and gaps.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { LiveSecond } from '../../../src/dashboard/api/index.ts'
import { count, duration, rate, share } from '../../../src/dashboard/page/format.ts'
import { hexDump } from '../../../src/dashboard/page/screens/event/hex.ts'
import { columns } from '../../../src/dashboard/page/screens/overview/series.ts'
import { beginning, kindOf, resolved, type Schema } from '../../../src/dashboard/page/screens/send/schema.ts'
import { asCurl, asTypeScript } from '../../../src/dashboard/page/screens/send/snippets.ts'

test.each([
  [duration(0.42), '0.4 ms'],
  [duration(12.4), '12 ms'],
  [duration(1_234), '1.2 s'],
  [duration(125_000), '2 min 5 s'],
  [duration(null), '–'],
  [count(12_345), '12,345'],
  [count(1_240_000), '1.2M'],
  [rate(0.5), '0.5/s'],
  [rate(0), '0/s'],
  [share(1), '100 %'],
  // One lost of a million is not all.
  [share(0.999999), '99.99 %'],
])('%j is %j', (said, wanted) => expect(said).toBe(wanted))

test('a second that nobody knows is a gap, not a zero', () => {
  const seconds = [0, 1, 2, 6, 7].map((at) => ({ at: at * 1_000, value: at }) as unknown as LiveSecond)
  expect(columns(seconds, [(each) => (each as unknown as { value: number }).value])).toEqual([
    [0, 1, 2, 3, 6, 7],
    [0, 1, 2, null, 6, 7],
  ])
})

test('bytes in hexadecimal, sixteen in a line', () => {
  expect(hexDump(new TextEncoder().encode('{"a":1}\n0123456789é'))).toBe(
    [
      '00000000  7b 22 61 22 3a 31 7d 0a  30 31 32 33 34 35 36 37  {"a":1}.01234567',
      '00000010  38 39 c3 a9                                       89..',
    ].join('\n'),
  )
})

describe('a form from a schema', () => {
  const schema = z.toJSONSchema(
    z.object({
      id: z.string(),
      lines: z.array(z.object({ sku: z.string(), amount: z.int().min(1) })).min(1),
      state: z.enum(['new', 'paid']),
      gift: z.boolean().nullable(),
      note: z.string().optional(),
      more: z.record(z.string(), z.unknown()),
      choice: z.union([z.string(), z.number()]),
    }),
  ) as Schema

  test('begins with what is required, and that is valid but for its emptiness', () => {
    expect(beginning(schema, schema)).toEqual({
      id: '',
      lines: [{ sku: '', amount: 1 }],
      state: 'new',
      gift: false,
      more: null,
      choice: null,
    })
  })

  test('has a field for each kind, and JSON for what it cannot draw', () => {
    const kinds = Object.entries(schema.properties!).map(([name, each]) => [name, kindOf(each, schema)])
    expect(Object.fromEntries(kinds)).toEqual({
      id: 'text',
      lines: 'list',
      state: 'choice',
      gift: 'boolean',
      note: 'text',
      more: 'json',
      choice: 'json',
    })
  })

  test('follows references, and ends where they go round', () => {
    const root: Schema = {
      type: 'object',
      properties: { child: { $ref: '#' }, name: { $ref: '#/$defs/name' }, lost: { $ref: '#/$defs/none' } },
      required: ['child', 'name'],
      $defs: { name: { type: 'string' }, round: { $ref: '#/$defs/round' } },
    }
    expect(kindOf(root.properties!['name']!, root)).toBe('text')
    expect(kindOf(root.properties!['lost']!, root)).toBe('json')
    expect(resolved({ $ref: '#/$defs/round' }, root)).toEqual({})
    expect(JSON.stringify(beginning(root, root))).toContain('"child":{"child":')
  })
})

describe('an event as text', () => {
  const data = { note: 'it\'s "so" $HOME `id`', total: 1.5 }

  test('as curl, a shell gives the event as it was', () => {
    const command = asCurl({ type: 'a.b', data, id: 'x' }, 'http://127.0.0.1:4680/', 'shop')!
    const body = execFileSync('sh', [
      '-c',
      `curl() { for last; do :; done; printf %s "$last"; }\n${command}`,
    ]).toString()
    expect(JSON.parse(body)).toEqual({ specversion: '1.0', id: 'x', source: '/shop/curl', type: 'a.b', data })
    expect(command).toContain("'http://127.0.0.1:4680/events'")
  })

  test('without a gateway there is nothing to call', () => {
    expect(asCurl({ type: 'a.b', data }, null, 'shop')).toBe(null)
  })

  test('as TypeScript, it is code', async () => {
    const code = asTypeScript({ type: 'a.b', data, key: 'k', lane: 'bulk' })
    const calls: unknown[][] = []
    const run = new Function('app', `return (async () => { ${code} })()`) as (app: object) => Promise<void>
    await run({ publish: (...given: unknown[]) => calls.push(given) })
    expect(calls).toEqual([['a.b', data, { key: 'k', lane: 'bulk' }]])
  })
})

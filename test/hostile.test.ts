/** Events nobody expects, through a whole application: what is taken is handled exactly as it was published, the rest is refused clearly. @module */
import { describe, expect, test } from 'vitest'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { defineVeltrix, event, veltrix } from '../src/index.ts'
import { testApp } from '../src/testing/index.ts'

const anything = defineVeltrix({
  app: 'hostile',
  streams: { s: { key: 'key', partitions: 2, events: { any: event(z.object({ key: z.string(), value: z.any() })) } } },
  subscriptions: { sub: { events: ['any'] } },
  publisher: { maxEventBytes: '12MiB' },
})

test('payloads and keys at the edge of what is allowed arrive unchanged', async () => {
  const values: [string, unknown][] = [
    ['NUL', 'a\0b'],
    ['lone surrogates', '\ud800 \udc00 \ud83d'],
    ['noncharacters and controls', '\uffff\ufdd0\u0001\u2028\u2029'],
    ['text that looks like JSON', '"}],{"__proto__":1}'],
    ['text that names a prototype', ['__proto__', 'constructor', { constructor: { prototype: 1 } }]],
    ['numbers', [0, -0.5, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER + 2]],
    ['nothing', null],
    ['empty things', [{}, [], '', { '': '' }]],
    ['10 MB', 'x'.repeat(10_000_000)],
  ]
  const keys = [' ', 'a\nb', '__proto__', 'é'.repeat(512), 'x'.repeat(1024), '🚚', 'NUL']
  await using test = await testApp(veltrix(anything).handle('sub', 'any', () => {}))
  for (const [name, value] of values) await test.app.publish('any', { key: name, value })
  for (const key of keys) await test.app.publish('any', { key, value: 'key' })
  for (const [key, value] of values) {
    const { event } = await test.handled('any', (seen) => seen.key === key && seen.data.value !== 'key')
    expect({ key, unchanged: JSON.stringify(event.data) === JSON.stringify({ key, value }) }).toEqual({
      key,
      unchanged: true,
    })
  }
  for (const key of keys) await test.handled('any', (seen) => seen.key === key && seen.data.value === 'key')
  expect(test.outcomes).toHaveLength(values.length + keys.length)
})

test('a wall clock that jumps back and forth neither stops, repeats nor reorders anything', async () => {
  let failing = true
  const app = veltrix(anything).handle('sub', 'any', ({ data }) => {
    if (failing && data.value === 3) throw new Error('once')
  })
  await using test = await testApp(app)
  for (let n = 0; n < 40; n++) {
    test.clock.shiftWallClock(n % 3 === 0 ? -86_400_000 : 3_600_000)
    await test.app.publish('any', { key: 'one key', value: n })
    if (n === 20) failing = false
  }
  const last = test.handled('any', { value: 39 })
  test.clock.advance(60_000)
  await last
  expect(test.outcomes.map(({ event }) => event.data.value)).toEqual(Array.from({ length: 40 }, (_, n) => n))
  const ids = test.outcomes.map(({ event }) => event.id)
  expect(ids).toEqual([...new Set(ids)].toSorted())
})

interface Tree {
  readonly name: string
  readonly children: readonly Tree[]
}
const zodTree: z.ZodType<Tree> = z.object({
  name: z.string(),
  get children() {
    return z.array(zodTree)
  },
})
const valibotTree: v.GenericSchema<Tree> = v.object({ name: v.string(), children: v.array(v.lazy(() => valibotTree)) })
const arktypeTree = type({ name: 'string', children: 'this[]' })

describe.each([
  ['zod', zodTree],
  ['valibot', valibotTree],
  ['arktype', arktypeTree],
] as [string, z.ZodType<Tree>][])('a schema that contains itself (%s)', (_, tree) => {
  const config = defineVeltrix({
    app: 'trees',
    streams: { s: { partitions: 1, events: { grown: event(tree, { key: (data: Tree) => data.name }) } } },
    subscriptions: { sub: { events: ['grown'] } },
  })

  test('takes what does not, and refuses what does', async () => {
    await using test = await testApp(veltrix(config).handle('sub', 'grown', () => {}))
    const fits = { name: 'root', children: [{ name: 'leaf', children: [] }] }
    await test.app.publish('grown', fits)
    expect((await test.handled('grown')).event.data).toEqual(fits)
    const cyclic = { name: 'root', children: [] as Tree[] }
    cyclic.children.push(cyclic)
    await expect(test.app.publish('grown', cyclic)).rejects.toMatchObject({ code: 'VLX_EVENT_INVALID' })
    let deep: Tree = { name: 'leaf', children: [] }
    for (let level = 0; level < 5_000; level++) deep = { name: 'node', children: [deep] }
    await expect(test.app.publish('grown', deep)).rejects.toMatchObject({ code: 'VLX_EVENT_INVALID' })
  })
})

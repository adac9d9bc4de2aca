/**
 * Stories of failures, from friendly and hostile values.
 * @module
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorStory, maxStoryBytes, type ErrorStory } from '../../src/deadletter/index.ts'

const bytesOf = (story: ErrorStory): number => Buffer.byteLength(JSON.stringify(story))

test('tells an error and its causes in order', () => {
  const root = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const story = errorStory(new TypeError('payment failed', { cause: root }))
  expect(story.chain).toMatchObject([
    { name: 'TypeError', message: 'payment failed', stack: expect.stringContaining('TypeError: payment failed') },
    { name: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED', via: 'cause', of: 0 },
  ])
  expect(story.cut).toBeUndefined()
})

test('tells the parts of an AggregateError, each with its causes', () => {
  const story = errorStory(new AggregateError([new Error('a', { cause: new Error('why a') }), 'b'], 'both failed'))
  expect(story.chain.map(({ message, via, of }) => [message, via, of])).toEqual([
    ['both failed', undefined, undefined],
    ['a', 'errors[0]', 0],
    ['why a', 'cause', 1],
    ['b', 'errors[1]', 0],
  ])
})

describe('of hostile values', () => {
  const throwing = new Proxy(new Error('x'), {
    get: () => {
      throw new Error('got you')
    },
  })
  const cycle = new Error('cycle')
  cycle.cause = cycle
  const parts: unknown[] = []
  const ring = new AggregateError(parts, 'ring')
  parts.push(ring)
  ring.errors.push(ring)
  const revoked = Proxy.revocable([], {})
  revoked.revoke()
  const cases: [string, unknown, Partial<ErrorStory['chain'][number]>][] = [
    ['undefined', undefined, { name: 'undefined', message: 'undefined' }],
    ['null', null, { name: 'null', message: 'null' }],
    ['a BigInt', 10n, { name: 'bigint', message: '10' }],
    ['a symbol', Symbol('s'), { name: 'symbol', message: 'Symbol(s)' }],
    ['a text', 'boom', { name: 'string', message: 'boom' }],
    ['a plain object with a BigInt', { total: 1n }, { name: 'Object', message: '{"total":"1n"}' }],
    ['an object without prototype', Object.create(null), { name: 'Error', message: '{}' }],
    ['a function', () => 1, { message: '() => 1' }],
    ['getters that throw', throwing, { name: 'Error', message: '(cannot be shown)' }],
    ['a cycle', cycle, { message: 'cycle' }],
    ['a ring of parts', ring, { message: 'ring' }],
    ['errors that are a revoked proxy', { message: 'm', errors: revoked.proxy }, { message: 'm' }],
    ['a message that is no text', { message: { toString: null } }, { message: '{"toString":null}' }],
    ['a name that is no text', { name: 7, message: 'm' }, { name: 'Object', message: 'm' }],
    ['a lone surrogate', new Error('\ud800'), { message: '\ufffd' }],
  ]
  test.each(cases)('%s', (_, thrown, first) => {
    const story = errorStory(thrown)
    expect(story.chain[0]).toMatchObject(first)
    expect(JSON.parse(JSON.stringify(story))).toEqual(story)
  })
})

test('ends a chain of causes that goes on for ever', () => {
  const endless = (n: number): object => ({
    message: `cause ${n}`,
    get cause() {
      return endless(n + 1)
    },
  })
  const story = errorStory(endless(0))
  expect(story.chain).toHaveLength(8)
  expect(story.cut).toBe(true)
})

test('stays in bounds by leaving out the deepest stacks first, and keeps the first message longest', () => {
  const long = 'm'.repeat(1500)
  let error = new Error(`deepest ${long}`)
  for (let depth = 0; depth < 6; depth++) error = new Error(`${depth} ${long}`, { cause: error })
  const whole = errorStory(error)
  expect(bytesOf(whole)).toBeLessThanOrEqual(maxStoryBytes)
  expect(whole.cut).toBe(true)
  expect(whole.chain[0]!.message).toBe(error.message)
  expect(errorStory(error, 400).chain[0]!.message.slice(0, 20)).toBe(error.message.slice(0, 20))
  expect(errorStory(error, 10).chain).toEqual([{ name: 'Error', message: '' }])
})

test('is bounded JSON whatever was thrown', () => {
  fc.assert(
    fc.property(fc.anything(), fc.integer({ min: 120, max: 5000 }), (thrown, limit) => {
      const story = errorStory(thrown, limit)
      expect(bytesOf(story)).toBeLessThanOrEqual(limit)
      expect(story.chain.length).toBeGreaterThan(0)
    }),
  )
})

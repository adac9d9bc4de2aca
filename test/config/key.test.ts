/** The key of a payload. @module */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compile, event } from '../../src/config/index.ts'
import { EventInvalid } from '../../src/event/index.ts'

function keyFunction(key: string | ((data: never) => string)): (data: unknown) => string {
  const definition = { app: 'a', streams: { s: { events: { e: event(z.any(), { key } as never) } } } }
  return compile(definition).events.get('e')!.key
}

function issueOf(key: string | ((data: never) => string), data: unknown): string {
  try {
    keyFunction(key)(data)
  } catch (error) {
    if (error instanceof EventInvalid) return `${error.issues[0]!.path}: ${error.issues[0]!.message}`
    throw error
  }
  return ''
}

describe('a field', () => {
  test('is taken as text, a whole number as its digits', () => {
    expect(keyFunction('id')({ id: 'o-1' })).toBe('o-1')
    expect(keyFunction('id')({ id: -42 })).toBe('-42')
    expect(keyFunction('a.b')({ 'a.b': 'x' })).toBe('x')
  })

  test.each([
    [{}, "data.id: is the key's field and is missing"],
    [{ id: '' }, "data.id: is the key's field and must not be empty"],
    [{ id: null }, 'not null'],
    [{ id: 1.5 }, 'not a number'],
    [{ id: 2 ** 60 }, 'not a number'],
    [{ id: ['x'] }, 'not a list'],
    [{ id: 'a\0' }, 'NUL'],
    [{ id: '\ud800' }, 'surrogate'],
    [{ id: 'x'.repeat(1024 * 1024) }, '1048576 bytes'],
    [null, 'is missing'],
    ['text', 'is missing'],
    [Object.create({ id: 'inherited' }), 'is missing'],
  ])('%#', (data, expected) => expect(issueOf('id', data)).toContain(expected))

  test('is never one that every object inherits', () => {
    expect(issueOf('toString', {})).toContain("data.toString: is the key's field and is missing")
    expect(issueOf('__proto__', {})).toContain('is missing')
  })
})

describe('a function', () => {
  test('gets the payload', () => {
    expect(keyFunction((data: { a: { b: string } }) => data.a.b)({ a: { b: 'x' } })).toBe('x')
  })

  test('that throws or gives nonsense is an invalid event', () => {
    expect(issueOf((data: { a: { b: string } }) => data.a.b, {})).toContain('key: its function threw')
    expect(issueOf(() => undefined as never, {})).toContain('is missing')
    expect(issueOf(() => ({}) as never, {})).toContain('not an object')
  })
})

test('the stream’s key serves events without one of their own', () => {
  const definition = {
    app: 'a',
    streams: { s: { key: 'id', events: { usual: event(z.any()), own: event(z.any(), { key: () => 'mine' }) } } },
  }
  const { events } = compile(definition)
  expect(events.get('usual')!.key({ id: 'theirs' })).toBe('theirs')
  expect(events.get('own')!.key({ id: 'theirs' })).toBe('mine')
})

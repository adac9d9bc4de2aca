/** Rules of CloudEvents attributes and of keys. @module */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  extensionNameProblem,
  keyProblem,
  nonEmptyTextProblem,
  parseTime,
  sourceProblem,
  textProblem,
} from '../../src/event/attributes.ts'

describe('text', () => {
  test.each(['a', 'order.placed', 'Zürich 東京 🚚', 'x'.repeat(1024)])('%j is text', (value) => {
    expect(nonEmptyTextProblem(value)).toBeUndefined()
  })

  test.each([
    ['', 'empty'],
    [7, 'a number'],
    [null, 'null'],
    [{}, 'an object'],
    ['a\0b', 'U+0000'],
    ['a\nb', 'U+000A'],
    ['a\u0085b', 'U+0085'],
    ['\ufffe', 'U+FFFE'],
    ['\ud800', 'surrogate'],
    ['x'.repeat(1025), '1025 characters'],
  ])('%j is not: %s', (value, why) => {
    expect(nonEmptyTextProblem(value)).toContain(why)
  })

  test('may be empty where the attribute may', () => {
    expect(textProblem('')).toBeUndefined()
  })
})

describe('source', () => {
  test.each([
    '/checkout',
    'urn:shop:7',
    'https://example.com/a?b=c#d',
    '//host/x',
    'a/b:c',
    'mailto:x@y.z',
    'http://[::1]:8080/',
    '?q',
    '%C3%A9',
  ])('%j is a URI reference', (value) => expect(sourceProblem(value)).toBeUndefined())

  test.each(['', 'a b', '1a:b', '/é', '/%zz', '/a#b#c', '/a\\b', '<x>', ':x', '/[', 5])('%j is not', (value) => {
    expect(sourceProblem(value)).toBeTypeOf('string')
  })

  test('is checked in linear time', () => {
    const started = performance.now()
    for (const value of ['/'.repeat(1000) + ' ', 'a'.repeat(1000) + ' ', '//' + '%20'.repeat(300) + '%'])
      sourceProblem(value)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('extension names', () => {
  test.each(['traceparent', 'a', '0', 'x'.repeat(20)])('%s may be', (name) =>
    expect(extensionNameProblem(name)).toBeUndefined(),
  )
  test.each(['', 'Trace', 'a_b', 'x'.repeat(21), 'id', 'data', 'time', '__proto__', 'é'])('%j may not', (name) => {
    expect(extensionNameProblem(name)).toBeTypeOf('string')
  })
})

describe('time', () => {
  test.each([
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31t12:00:00.123456z', Date.UTC(2026, 0, 31, 12, 0, 0, 123)],
    ['2026-01-31T12:00:00+02:30', Date.UTC(2026, 0, 31, 9, 30)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2016-12-31T23:59:60Z', Date.UTC(2016, 11, 31, 23, 59, 59)],
  ])('%s', (text, time) => expect(parseTime(text)).toBe(time))

  test.each([
    '',
    '2026',
    '2026-01-31',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:00',
    '2026-01-01 00:00:00Z',
    '2026-00-10T00:00:00Z',
    'Sat Jan 31 2026',
  ])('%j is not a time', (text) => expect(parseTime(text)).toBeUndefined())

  test('every Date is one as toISOString writes it', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(253_402_300_799_999), noInvalidDate: true }), (date) => {
        expect(parseTime(date.toISOString())).toBe(date.getTime())
      }),
    )
  })

  test('is a time exactly when the calendar has it', () => {
    const part = (most: number): fc.Arbitrary<string> => fc.nat(most).map((number) => String(number).padStart(2, '0'))
    fc.assert(
      fc.property(part(19), part(39), part(29), part(69), part(69), (month, day, hour, minute, second) => {
        const text = `2024-${month}-${day}T${hour}:${minute}:${second}.123Z`
        const date = new Date(text)
        const exists = !Number.isNaN(date.getTime()) && date.toISOString() === text
        if (second !== '60') expect(parseTime(text)).toBe(exists ? date.getTime() : undefined)
      }),
    )
  })
})

describe('keys', () => {
  test.each(['a', ' ', 'a\nb', '__proto__', 'x'.repeat(1024), 'é'.repeat(512), '🚚'.repeat(256)])(
    '%j can be one',
    (key) => {
      expect(keyProblem(key)).toBeUndefined()
    },
  )

  test.each([
    ['', 'empty'],
    ['a\0', 'NUL'],
    ['\udc00', 'surrogate'],
    ['x'.repeat(1025), '1025 bytes'],
    ['é'.repeat(513), '1026 bytes'],
    ['x'.repeat(1024 * 1024), '1048576 bytes'],
    [12, 'a number'],
    [undefined, 'undefined'],
  ])('%j cannot: %s', (key, why) => {
    expect(keyProblem(key)).toContain(why)
  })
})

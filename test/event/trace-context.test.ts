/** W3C Trace Context: what is one, what is none, and what is handed on. @module */
import { describe, expect, test } from 'vitest'
import { parseTraceparent, parseTracestate, traceExtensions, traceparentText } from '../../src/event/index.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

describe('traceparent', () => {
  test.each([
    [`00-${traceId}-${spanId}-01`, 1],
    [`00-${traceId}-${spanId}-00`, 0],
    [`00-${traceId}-${spanId}-03`, 3],
    // Flags that have no meaning yet.
    [`00-${traceId}-${spanId}-fd`, 1],
    // Later versions, as far as this one goes.
    [`01-${traceId}-${spanId}-01`, 1],
    [`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`, 1],
  ])('%s is one', (text, flags) => {
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, flags })
    expect(traceparentText({ traceId, spanId, flags })).toBe(`00-${traceId}-${spanId}-0${flags}`)
  })

  test.each([
    undefined,
    7,
    '',
    traceId,
    `ff-${traceId}-${spanId}-01`,
    `0-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-01-more`,
    `01-${traceId}-${spanId}-01.more`,
    ` 00-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\n`,
    `cc-${traceId}-${spanId}-01-${'x'.repeat(1_000)}`,
  ])('%j is none', (text) => expect(parseTraceparent(text)).toBeUndefined())
})

describe('tracestate', () => {
  test.each([
    ['a=1', 'a=1'],
    ['rojo=00f067aa0ba902b7, congo=t61rcWkgMzE', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'],
    ['tenant@vendor=x y', 'tenant@vendor=x y'],
    [',a=1,,', 'a=1'],
    [
      Array.from({ length: 32 }, (_, n) => `k${n}=v`).join(','),
      Array.from({ length: 32 }, (_, n) => `k${n}=v`).join(','),
    ],
  ])('%j is one', (text, members) => expect(parseTracestate(text)).toBe(members))

  test.each([
    undefined,
    '',
    ' , ',
    'a',
    'A=1',
    'a=1,b',
    'a=b=c',
    'a=ü',
    Array.from({ length: 33 }, (_, n) => `k${n}=v`).join(','),
    `a=${'x'.repeat(600)}`,
  ])('%j is none', (text) => expect(parseTracestate(text)).toBeUndefined())
})

test('an extension is carried on only with a valid traceparent', () => {
  const traceparent = `00-${traceId}-${spanId}-01`
  expect(traceExtensions(traceparent, 'a=1')).toEqual({ traceparent, tracestate: 'a=1' })
  expect(traceExtensions(traceparent, 'a')).toEqual({ traceparent })
  expect(traceExtensions('forged', 'a=1')).toBeUndefined()
})

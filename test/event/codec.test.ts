/** Events to records and back; records nobody should trust. @module */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeEvent,
  encodeEvent,
  EnvelopeInvalid,
  EventInvalid,
  EventTooLarge,
  eventType,
  keyText,
  timeText,
  type DecodableRecord,
  type EncodedEvent,
  type VeltrixEvent,
} from '../../src/event/index.ts'
import { VirtualClock } from '../../src/testing/clock.ts'

const placed: VeltrixEvent = {
  id: '0191-1',
  source: '/checkout',
  type: 'order.placed',
  time: '2026-01-31T12:00:00.000Z',
  key: 'o-1',
  data: { orderId: 'o-1', total: 12.5 },
  extensions: {},
}

/** As a log gives a record back. */
function recordOf(
  encoded: EncodedEvent,
  change: Record<string, string | Uint8Array | undefined> = {},
): DecodableRecord {
  const headers = new Map(encoded.headers.map(([name, value]) => [name, Buffer.from(value as string)]))
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) headers.delete(name)
    else headers.set(name, Buffer.from(value as string))
  }
  return {
    key: encoded.key,
    value: encoded.value,
    timestamp: encoded.timestamp,
    headers: { text: (name) => headers.get(name)?.toString(), [Symbol.iterator]: () => headers[Symbol.iterator]() },
  }
}

function problemsOf(record: DecodableRecord): readonly string[] {
  try {
    decodeEvent(record)
  } catch (error) {
    if (error instanceof EnvelopeInvalid) return error.problems
    throw error
  }
  return []
}

function issuesOf(event: Partial<VeltrixEvent>): string[] {
  try {
    encodeEvent({ ...placed, ...event })
  } catch (error) {
    if (error instanceof EventInvalid) return error.issues.map((issue) => `${issue.path}: ${issue.message}`)
    throw error
  }
  return []
}

describe('encoding', () => {
  test('is the Kafka binding in binary mode', () => {
    const encoded = encodeEvent({ ...placed, subject: 'o-1', extensions: { traceparent: '00-ab-cd-01' } })
    expect(Object.fromEntries(encoded.headers)).toEqual({
      ce_specversion: '1.0',
      'content-type': 'application/json',
      ce_source: '/checkout',
      ce_type: 'order.placed',
      ce_id: '0191-1',
      ce_time: '2026-01-31T12:00:00.000Z',
      ce_subject: 'o-1',
      ce_traceparent: '00-ab-cd-01',
    })
    expect(Buffer.from(encoded.key).toString()).toBe('o-1')
    expect(JSON.parse(Buffer.from(encoded.value).toString())).toEqual(placed.data)
    expect(encoded.timestamp).toBe(Date.UTC(2026, 0, 31, 12))
  })

  test('keeps types and sources apart that share the other', () => {
    const header = (event: Partial<VeltrixEvent>, name: string): unknown =>
      Object.fromEntries(encodeEvent({ ...placed, ...event }).headers)[name]
    expect(header({ source: '/a' }, 'ce_source')).toBe('/a')
    expect(header({ source: '/b' }, 'ce_source')).toBe('/b')
    expect(header({ source: '/a', type: 'other' }, 'ce_type')).toBe('other')
  })

  test('tells every attribute that is wrong at once', () => {
    const issues = issuesOf({
      id: '',
      source: 'a b',
      type: 'x\ny',
      time: 'noon',
      key: '\0',
      subject: '',
      extensions: { Bad: 'x', ok: 5 as never },
    })
    expect(issues.map((issue) => issue.split(':')[0])).toEqual([
      'type', 'id', 'source', 'time', 'key', 'subject', 'extensions.Bad', 'extensions.ok',
    ]) // prettier-ignore
  })

  test.each([
    ['undefined', undefined, 'data: is undefined'],
    ['a function', { a: () => 1 }, 'data.a: is a function'],
    ['a symbol', [Symbol('x')], 'data[0]: is a symbol'],
    ['BigInt', { deep: [{ n: 1n }] }, 'data.deep[0].n: is a bigint'],
    ['NaN', { n: Number.NaN }, 'data.n: NaN'],
    ['infinity', { n: -Infinity }, 'data.n: -Infinity'],
    ['undefined in a list', [1, undefined], 'data[1]: is undefined'],
    ['a Map', { m: new Map([[1, 2]]) }, 'data.m: is a Map'],
    ['a Set', new Set([1]), 'data: is a Set'],
    ['bytes', { b: Buffer.from('x') }, 'data.b: is a Buffer'],
    ['an Error', { e: new TypeError('x') }, 'data.e: is a TypeError'],
    ['NaN as an object', { n: new Number(Number.NaN) }, 'data.n: NaN'],
    ['a symbol as an object', { s: Object(Symbol('x')) }, 'data.s: is a Symbol'],
    ['a Blob', { b: new Blob(['x']) }, 'data.b: is a Blob'],
    ['URLSearchParams', { q: new URLSearchParams('a=1') }, 'data.q: is a URLSearchParams'],
    ['an invalid Date', { at: new Date(Number.NaN) }, 'data.at: is an invalid date'],
    ['__proto__', JSON.parse('{"a":{"__proto__":{"admin":true}}}'), 'data.a["__proto__"]'],
    ['strange names', { 'a b': { c: undefined, d: () => 0 } }, 'data["a b"].d: is a function'],
  ])('refuses what JSON cannot carry: %s', (_name, data, expected) => {
    expect(issuesOf({ data })[0]).toContain(expected.replace('data.a["__proto__"]', 'data.a.__proto__'))
  })

  test('refuses cycles, endless depth, and getters that throw', () => {
    const cyclic: Record<string, unknown> = { a: { b: [] } }
    ;(cyclic.a as { b: unknown[] }).b.push(cyclic)
    expect(issuesOf({ data: cyclic })[0]).toContain('data.a.b[0]: refers back')
    let deep: unknown = 1
    for (let level = 0; level < 100_000; level++) deep = [deep]
    expect(issuesOf({ data: deep })[0]).toContain('nested deeper than 200')
    const hostile = { get a(): never { throw new Error('boom') } } // prettier-ignore
    expect(issuesOf({ data: hostile })[0]).toContain('cannot be read: boom')
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    expect(issuesOf({ data: { x: revoked.proxy } })[0]).toContain('cannot be read')
    let reads = 0
    const fickle = { toJSON: () => (reads++ === 0 ? 'text' : undefined) }
    expect(issuesOf({ data: fickle })[0]).toContain('is not the same when it is read again')
  })

  test('takes what has toJSON, null prototypes, shared (not cyclic) objects and absent fields', () => {
    const shared = { x: 1 }
    const data = {
      at: new Date(0),
      bare: Object.assign(Object.create(null), { y: 2 }),
      one: shared,
      two: shared,
      none: undefined,
    }
    expect(JSON.parse(Buffer.from(encodeEvent({ ...placed, data }).value).toString())).toEqual({
      at: '1970-01-01T00:00:00.000Z', bare: { y: 2 }, one: { x: 1 }, two: { x: 1 },
    }) // prettier-ignore
  })

  test('stops at the limit: a large payload, one that multiplies itself, multi-byte text', () => {
    const tooLarge = (data: unknown, maxBytes: number): number => {
      try {
        encodeEvent({ ...placed, data }, { maxBytes })
      } catch (error) {
        if (error instanceof EventTooLarge) return error.bytes
        throw error
      }
      return 0
    }
    expect(tooLarge('x'.repeat(10 * 1024 * 1024), 1024 * 1024)).toBeGreaterThan(1024 * 1024)
    let laughs: unknown = 'ha'
    for (let level = 0; level < 60; level++) laughs = [laughs, laughs]
    expect(tooLarge(laughs, 1024 * 1024)).toBeGreaterThan(1024 * 1024)
    expect(tooLarge('é'.repeat(10), 21)).toBe(22)
    expect(tooLarge('é'.repeat(10), 22)).toBe(0)
    expect(tooLarge('"'.repeat(10), 21)).toBe(22)
  })
})

describe('decoding', () => {
  test('gives back what was encoded', () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 50 })
      .filter((value) => !/[\p{Cc}\p{Noncharacter_Code_Point}]/u.test(value))
    fc.assert(
      fc.property(
        fc.record({
          id: text,
          type: text,
          key: text,
          subject: fc.option(text, { nil: undefined }),
          time: fc
            .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
            .map((date) => date.toISOString()),
          data: fc
            .jsonValue()
            .filter(
              (value) =>
                !JSON.stringify(value).includes('__proto__') &&
                !Object.is(value, -0) &&
                !/-0\b/.test(JSON.stringify(value)),
            ),
          extensions: fc.dictionary(fc.stringMatching(/^x[a-z0-9]{0,19}$/), text, { maxKeys: 5 }),
        }),
        (fields) => {
          const event = { ...placed, ...fields, extensions: { ...fields.extensions } }
          const decoded = decodeEvent(recordOf(encodeEvent(event)))
          expect(JSON.stringify(decoded.data)).toBe(JSON.stringify(event.data))
          expect({ ...decoded, data: 0, subject: decoded.subject }).toEqual({ ...event, data: 0 })
        },
      ),
    )
  })

  test('names everything that is wrong', () => {
    const record = recordOf(encodeEvent(placed), {
      ce_specversion: '0.3', ce_id: undefined, ce_source: 'a b', ce_type: '', ce_time: 'noon', 'content-type': 'text/plain', ce_Bad: 'x',
    }) // prettier-ignore
    const problems = problemsOf({ ...record, key: null, value: null }).join('\n')
    for (const part of [
      'ce_specversion is "0.3"',
      'ce_id is missing',
      'ce_source must',
      'ce_type must not be empty',
      'ce_time must',
      'content-type is "text/plain"',
      'ce_Bad must',
      'no key',
      'tombstone',
    ]) {
      expect(problems).toContain(part)
    }
  })

  test.each([
    ['not JSON', '{', 'is not JSON'],
    ['empty', '', 'is not JSON'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'is not UTF-8'],
    ['__proto__', '{"a":{"__proto__":{"admin":true}}}', '__proto__'],
    ['__proto__ with escapes', String.raw`{"\u005f_proto__":{"admin":true}}`, '__proto__'],
  ])('refuses a payload: %s', (_name, value, why) => {
    const problems = problemsOf({ ...recordOf(encodeEvent(placed)), value: Buffer.from(value as string) })
    expect(problems.join()).toContain(why)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  test('takes other producers at their word where the specifications allow', () => {
    const record = recordOf(encodeEvent(placed), {
      ce_time: undefined, 'content-type': 'application/vnd.acme+json; charset=utf-8', ce_dataschema: 'urn:x', other: Buffer.from([0xff]),
    }) // prettier-ignore
    expect(decodeEvent({ ...record, timestamp: 1000 })).toMatchObject({
      time: '1970-01-01T00:00:01.000Z',
      extensions: {},
    })
    expect(problemsOf(recordOf(encodeEvent(placed), { 'content-type': undefined }))).toEqual([])
    expect(decodeEvent({ ...recordOf(encodeEvent(placed), { ce_time: undefined }), timestamp: Infinity }).time).toBe(
      '1970-01-01T00:00:00.000Z',
    )
  })

  test('refuses headers and keys that are not UTF-8, and floods of extensions', () => {
    const encoded = encodeEvent(placed)
    expect(problemsOf(recordOf(encoded, { ce_x: Buffer.from([0xff]) })).join()).toContain('ce_x is not UTF-8')
    expect(problemsOf({ ...recordOf(encoded), key: Buffer.from([0xff]) }).join()).toContain('key is not UTF-8')
    const flood = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`ce_x${index}`, 'y']))
    expect(problemsOf(recordOf(encoded, flood)).join()).toContain('more than 64')
  })

  test('never throws anything else, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom('ce_id', 'ce_type', 'ce_source', 'ce_time', 'ce_x', 'content-type', 'ce_', '__proto__'),
            fc.uint8Array(),
          ),
        ),
        fc.option(fc.uint8Array()),
        fc.option(fc.uint8Array()),
        (headers, key, value) => {
          const record = {
            key,
            value,
            timestamp: 0,
            headers: { text: () => undefined, [Symbol.iterator]: () => headers[Symbol.iterator]() },
          }
          expect(problemsOf(record as DecodableRecord).length).toBeGreaterThan(0)
        },
      ),
    )
  })

  test('shows type and key without decoding', () => {
    const record = recordOf(encodeEvent(placed))
    expect(eventType(record)).toBe('order.placed')
    expect(keyText(record.key)).toBe('o-1')
    expect(keyText(null)).toBe('')
  })
})

test('timeText follows the clock, also backwards', () => {
  const clock = new VirtualClock({ startAt: 5 })
  expect(timeText(clock)).toBe('1970-01-01T00:00:00.005Z')
  clock.setWallClock(2)
  expect(timeText(clock)).toBe('1970-01-01T00:00:00.002Z')
})

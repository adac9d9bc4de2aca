/**
 * CloudEvents in structured content mode are read: the whole event in the value.
 * @module
 */
import { describe, expect, test } from 'vitest'
import { decodeEvent, isForeign, eventType, type EnvelopeInvalid, type DecodableRecord } from '../../src/event/index.ts'

const whole = {
  specversion: '1.0',
  id: 'e-1',
  source: '/elsewhere',
  type: 'order.placed',
  time: '2026-01-02T03:04:05Z',
  subject: 'o-1',
  datacontenttype: 'application/json',
  dataschema: 'urn:x',
  traceparent: '00-ab-cd-01',
  attempt: 2,
  urgent: true,
  nothing: null,
  data: { orderId: 'o-1' },
}

function recordOf(value: unknown, contentType = 'application/cloudevents+json; charset=UTF-8'): DecodableRecord {
  const headers: [string, string][] = [
    ['ce_id', 'of the headers'],
    ['Content-Type', contentType],
  ]
  return {
    key: Buffer.from('o-1'),
    value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    timestamp: 1_000,
    headers: {
      text: (name) => headers.find(([each]) => each === name)?.[1],
      *[Symbol.iterator]() {
        for (const [name, text] of headers) yield [name, Buffer.from(text)] as const
      },
    },
  }
}

test('every attribute, extensions and the payload are those of the value, not of the headers', () => {
  expect(decodeEvent(recordOf(whole))).toEqual({
    id: 'e-1',
    source: '/elsewhere',
    type: 'order.placed',
    time: '2026-01-02T03:04:05Z',
    subject: 'o-1',
    key: 'o-1',
    data: { orderId: 'o-1' },
    extensions: { traceparent: '00-ab-cd-01', attempt: '2', urgent: 'true' },
  })
  expect(eventType(recordOf(whole))).toBe('order.placed')
  const { headers, ...rest } = recordOf(whole)
  const [, contentType] = [...headers]
  const bare = { ...rest, headers: { text: headers.text, [Symbol.iterator]: () => [contentType!].values() } }
  expect(isForeign(bare)).toBe(false)
})

test('a payload in base64 is read, and a time that is missing is that of the record', () => {
  const { data: _data, time: _time, ...rest } = whole
  const event = decodeEvent(recordOf({ ...rest, data_base64: Buffer.from('[1,2]').toString('base64') }))
  expect(event).toMatchObject({ data: [1, 2], time: '1970-01-01T00:00:01.000Z' })
})

describe('refuses', () => {
  const { data: _data, ...bare } = whole
  const { id: _id, ...nameless } = whole
  test.each([
    ['what is no JSON', '{', 'the event is not JSON'],
    ['a list', '[]', 'not a JSON object'],
    ['a tombstone', null, 'a tombstone'],
    ['an event without data', bare, 'it has no data'],
    ['an event without an id', nameless, 'ce_id is missing'],
    ['a payload that is not JSON', { ...whole, datacontenttype: 'text/xml', data: '<a/>' }, 'only JSON is read'],
    ['base64 of something else', { ...bare, data_base64: 'AAAA' }, 'data_base64'],
    ['an attribute that is an object', { ...whole, odd: {} }, 'the attribute odd is neither'],
    ['another version', { ...whole, specversion: '0.3' }, 'only "1.0" is read'],
  ])('%s', (_name, value, why) => {
    let problems: readonly string[] = []
    try {
      decodeEvent(recordOf(value))
    } catch (error) {
      problems = (error as EnvelopeInvalid).problems
    }
    expect(problems.join('; ')).toContain(why)
  })

  test('several events in one record', () => {
    expect(() => decodeEvent(recordOf([whole], 'application/cloudevents-batch+json'))).toThrow('cloudevents-batch')
  })
})

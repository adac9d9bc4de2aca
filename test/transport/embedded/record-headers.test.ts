/**
 * Headers read in place give the same, whichever way they are read.
 * @module
 */
import fc from 'fast-check'
import { isUtf8 } from 'node:buffer'
import { expect, test } from 'vitest'
import { packRecords, unpackRecords } from '../../../src/transport/embedded/record-codec.ts'
import type { AppendRecord, LogRecord } from '../../../src/transport/index.ts'

const text = fc.oneof(fc.string({ maxLength: 300 }), fc.constantFrom('ce_id', 'ce_type', '1.0', '', 'Zürich'))
const value = fc.oneof(text, fc.uint8Array({ maxLength: 40 }))

function unpacked(headers: AppendRecord['headers']): LogRecord['headers'] {
  const records: LogRecord[] = []
  const bytes = packRecords([{ topic: 't', partition: 0, key: null, value: null, headers, timestamp: 0 }])
  unpackRecords({ base: 0, count: 1, bytes }, records)
  return records[0]!.headers
}

test('eachText is what iterating gives, as text, also beside records it has seen before', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.tuple(text, value), { maxLength: 20 }), { minLength: 1, maxLength: 4 }),
      (records) => {
        for (const pairs of records) {
          const headers = unpacked(pairs)
          const seen: [string, string | undefined][] = []
          headers.eachText!((name, content) => seen.push([name, content]))
          const expected = [...headers].map(([name, content]) => {
            return [name, isUtf8(content) ? Buffer.from(content).toString() : undefined]
          })
          expect(seen).toEqual(expected)
        }
      },
    ),
  )
})

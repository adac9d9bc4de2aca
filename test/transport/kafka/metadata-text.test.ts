/**
 * Commit metadata as Kafka's text: every byte comes back, and the most that is allowed fits the broker's default.
 * @module
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromText, maxMetadataBytes, toText } from '../../../src/transport/kafka/metadata-text.ts'

test('gives every byte back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect([...fromText(toText(bytes))]).toEqual([...bytes])
    }),
  )
})

test('the most that is allowed is below offset.metadata.max.bytes', () => {
  const bytes = new Uint8Array(maxMetadataBytes).fill(255)
  expect(Buffer.byteLength(toText(bytes))).toBeLessThanOrEqual(4_096)
})

test('what another program committed is kept as its text', () => {
  expect(Buffer.from(fromText('leader-epoch=3')).toString()).toBe('leader-epoch=3')
  expect([...fromText('')]).toEqual([])
  expect([...fromText(null)]).toEqual([])
})

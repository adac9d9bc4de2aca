/**
 * Masked payloads that were edited: what comes back where a mask was left.
 * @module
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mask, masked, maskedField, unmasked } from '../../src/config/index.ts'

const config = { events: new Map([['t', { secret: ['card', 'cards.number', 'a.b.c'] }]]) } as never
const back = (edited: unknown, original: unknown): unknown => unmasked(edited, original, 't', config)

test('an untouched view is the payload again, whatever it is', () => {
  const text = fc.string({ maxLength: 5 }).filter((value) => value !== mask)
  const card = fc.record({ owner: text, number: fc.oneof(text, fc.nat(), fc.constant(null)) }, { requiredKeys: [] })
  const payload = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        card: fc.oneof(text, card),
        cards: fc.array(card),
        a: fc.record({ b: fc.oneof(card, fc.record({ c: text })) }),
      },
      { requiredKeys: [] },
    ),
  )
  fc.assert(
    fc.property(payload, (original) => {
      const shown = masked(original, 't', config)
      expect(back(shown, original)).toEqual(original)
      expect(back(JSON.parse(JSON.stringify(shown)), original)).toEqual(original)
    }),
  )
})

test('what was changed beside a mask stays changed, and a new value is taken', () => {
  const original = { card: '1', a: { b: { c: '2', d: 3 } }, n: 4 }
  expect(back({ card: mask, a: { b: { c: mask, d: 5 } }, n: 6, x: 7 }, original)).toEqual({
    ...{ card: '1', a: { b: { c: '2', d: 5 } }, n: 6, x: 7 },
  })
  expect(back({ card: 'new', a: { b: { c: mask } } }, original)).toEqual({ card: 'new', a: { b: { c: '2' } } })
})

test('no value comes into another place than its own', () => {
  const cards = [
    { owner: 'ann', number: '1' },
    { owner: 'bob', number: '2' },
    { owner: 'eve', number: '3' },
  ]
  fc.assert(
    fc.property(fc.array(fc.nat(2), { maxLength: 4 }), (order) => {
      const shown = order.map((index) => ({ owner: cards[index]!.owner, number: mask }))
      const whole = back({ cards: shown }, { cards }) as { cards: typeof cards }
      for (const { owner, number } of whole.cards) {
        expect([mask, cards.find((card) => card.owner === owner)!.number]).toContain(number)
      }
      const isAsShown = order.join() === '0,1,2'
      expect(maskedField(whole, 't', config)).toBe(isAsShown || order.length === 0 ? undefined : 'cards.number')
    }),
  )
})

test('a mask where nothing was hidden stays one', () => {
  expect(back({ card: mask }, {})).toEqual({ card: mask })
  expect(back({ n: mask }, { n: 1 })).toEqual({ n: mask })
  expect(back({ card: mask }, { card: undefined })).toEqual({ card: undefined })
  expect(back(mask, { card: '1' })).toBe(mask)
})

test('a name that is everybody’s is no way around', () => {
  const edited = JSON.parse('{"__proto__":{"card":"***"},"card":"***"}') as unknown
  const whole = back(edited, { card: '1' }) as object
  expect(Object.getPrototypeOf(whole)).toBe(Object.prototype)
  expect(JSON.stringify(whole)).toBe('{"__proto__":{"card":"***"},"card":"1"}')
})

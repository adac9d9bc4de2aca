/**
 * Groups of failures: what a message becomes, and that it becomes the same in every release.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { groupOf, patternOf } from '../../src/deadletter/fingerprint.ts'

/**
 * As drivers, runtimes and applications write them. A line that has to be changed here changes the group of letters that are kept: say so
 * in the changes.
 */
const corpus: readonly (readonly [message: string, pattern: string, group: string])[] = [
  ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED <address>', '1'],
  [
    'duplicate key value violates unique constraint "orders_pkey"',
    'duplicate key value violates unique constraint "…"',
    '2',
  ],
  ["Cannot read properties of undefined (reading 'total')", 'Cannot read properties of undefined (reading "…")', '3'],
  ["can't find it, don't ask", "can't find it, don't ask", '4'],
  ['no such customer: ann.b+shop@mail.example.com', 'no such customer: <email>', '5'],
  ['GET https://api.example.io/v1/orders/12?x=1 answered 503', 'GET <url> answered #', '6'],
  ['timeout of 5000ms exceeded', 'timeout of #ms exceeded', '7'],
  ['order 0197f3c2-4b1a-7c3d-8e5f-123456789abc not found', 'order # not found', '8'],
  ["ENOENT: no such file or directory, open '/var/lib/x/y.json'", 'ENOENT: no such file or directory, open "…"', '9'],
  ['cannot write /var/lib/shop/12/data.bin: disk full', 'cannot write <path>: disk full', '10'],
  ['cannot open C:\\Users\\ann\\x.txt', 'cannot open <path>', '11'],
  ['lock held since 2026-03-01T12:00:00.123Z by worker-17', 'lock held since <time> by worker-#', '12'],
  ['not before Tue Mar 03 2026 12:00:00 GMT+0000 (Coordinated Universal Time)', 'not before <time>', '13'],
  ['ids 1, 2, 3 are unknown', 'ids # are unknown', '14'],
  ['customer cus_NffrFeUfNV2Hib is gone', 'customer cus_# is gone', '15'],
  ['event 01ARZ3NDEKTSV4RRFFQ69G5FAV was seen', 'event # was seen', '16'],
  [
    'E11000 duplicate key { _id: ObjectId("507f1f77bcf86cd799439011") }',
    'E# duplicate key { _id: ObjectId("…") }',
    '17',
  ],
  ['commit 4bf92f3577b34da6a3ce929d0e0e4736 of 0xdeadbeef', 'commit # of #', '18'],
  ['balance -5.20 EUR, 1,000.00 left', 'balance # EUR, # left', '19'],
  ['std::vector of Foo::Bar and/or more', 'std::vector of Foo::Bar and/or more', '20'],
  ['connect EHOSTUNREACH fe80::1:8443', 'connect EHOSTUNREACH <address>', '21'],
  ['größe über 5 zeichen\n\tin zeile 7', 'größe über # zeichen in zeile #', '22'],
  ['', '', '23'],
]

describe('patterns', () => {
  test.each(corpus)('%s', (message, pattern) => {
    expect(patternOf(message)).toBe(pattern)
  })

  test('are at most 200 characters, whole ones', () => {
    const long = patternOf(`${'a'.repeat(199)}😀`)
    expect(long).toBe(`${'a'.repeat(199)}\uFFFD`)
  })
})

test('the id of a group is what it was in the release before', () => {
  const ids = corpus.map(([errorMessage, , line]) => {
    return `${line} ${groupOf({ reason: 'attempts-exhausted', errorName: 'Error', errorMessage })}`
  })
  expect([...ids, `none ${groupOf({ reason: 'parked-behind' })}`]).toMatchInlineSnapshot(`
    [
      "1 8d852f2de447",
      "2 2c8b1ac286c8",
      "3 9638c6354a74",
      "4 aee1702790e2",
      "5 119c78c36a59",
      "6 310bc7ed93dc",
      "7 f8e666d8f51e",
      "8 f699046ad2d0",
      "9 4362c51a630a",
      "10 89d1f592e420",
      "11 fed25248c0a9",
      "12 bde74a6e180f",
      "13 5ca42d879ed0",
      "14 cc101fe5d76d",
      "15 2290b5f0df8b",
      "16 867be376ea81",
      "17 1b2749f40cc3",
      "18 5d0612e6c310",
      "19 0cdf831b0e35",
      "20 55132df85980",
      "21 3a5b9f4d1e9d",
      "22 5959e980da79",
      "23 5bba4c52977a",
      "none 3d0833c1d9b6",
    ]
  `)
})

test('reason and name tell groups apart, also where one text could be taken for the other', () => {
  const ids = [
    { reason: 'crashed', errorName: 'Error', errorMessage: 'x' },
    { reason: 'unrecoverable', errorName: 'Error', errorMessage: 'x' },
    { reason: 'crashed', errorName: 'TypeError', errorMessage: 'x' },
    { reason: 'crashed', errorName: 'Error' },
    { reason: 'crashed', errorName: 'Error', errorMessage: '' },
    { reason: 'crashed' },
  ].map(groupOf)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[\da-f]{12}$/)
})

const words = fc.constantFrom(
  'order',
  'of',
  'Größe',
  'not found:',
  'ECONNRESET',
  'key=',
  '(',
  ')',
  'max',
  'is',
  'a-',
  'b_',
)

test('the same message with other numbers is the same failure', () => {
  const numbers = fc.nat({ max: 1e12 }).map(String)
  fc.assert(
    fc.property(fc.array(fc.tuple(words, numbers, numbers), { minLength: 1, maxLength: 12 }), (parts) => {
      const message = (which: 1 | 2): string => parts.map((part) => `${part[0]} ${part[which]}`).join(' ')
      expect(patternOf(message(1))).toBe(patternOf(message(2)))
    }),
  )
})

test('numbers right behind words, and ids of any kind, do not tell failures apart', () => {
  const hex = fc.uuid().map((id) => id.replaceAll('-', '').slice(0, 24))
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), fc.ulid(), fc.ulid(), fc.nat(), fc.nat(), (a, b, c, d, m, n) => {
      const message = (uuid: string, ulid: string, number: number): string =>
        `event ${uuid} of ${ulid} in batch${number} on v${number}-east: "${uuid}${number}"`
      expect(patternOf(message(a, c, m))).toBe(patternOf(message(b, d, n)))
    }),
  )
  fc.assert(
    fc.property(hex, hex, (a, b) => {
      expect(patternOf(`object ${a}`)).toBe(patternOf(`object ${b}`))
    }),
  )
})

test('never throws, and says the same again', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({ unit: 'binary-ascii', maxLength: 3000 }),
      (a, b) => {
        for (const message of [a, b, a + b]) {
          const pattern = patternOf(message)
          expect(pattern.length).toBeLessThanOrEqual(200)
          expect(pattern.isWellFormed()).toBe(true)
          expect(patternOf(message)).toBe(pattern)
        }
      },
    ),
  )
})

test('a message made to be slow is not', () => {
  const pieces = [
    '"', "'", "' '", "'a'b", '“', '«', '‘«“`', '\n"', 'a', 'a1', 'a@', 'a.', 'a@b.', '/', '/a', '../', '~/', 'C:\\', '1,', '1:', '1.', '1e',
    '-1', '::', 'f:', 'x://', 'ab+', '2026-', '12:', 'Mon ', '#, ', '<a>,', ' ', '\ud800', '9', '"…",', 'Tue Mar 03 2026 12:00:00 GMT (',
  ] // prettier-ignore
  // Each of them would take minutes were it to grow with the square of a million, and for ever were it to double with each character.
  for (const piece of pieces) {
    const message = piece.repeat(1_000_000 / piece.length)
    expect(patternOf(message).length).toBeLessThanOrEqual(200)
    expect(patternOf(`${message.slice(0, 2047)}é`).length).toBeLessThanOrEqual(200)
  }
})

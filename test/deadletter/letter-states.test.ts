/**
 * The rules of letters: what the two topics say together, in whatever order they are read.
 * @module
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AuditAction, AuditEntry, IndexedLetter } from '../../src/deadletter/index.ts'
import { generationOf, LetterStates } from '../../src/deadletter/letter-states.ts'
import { LetterViews } from '../../src/deadletter/letter-views.ts'

type Kept = { id: number; began: number; kind: 'dead' | 'parked'; replacedFrom?: number }
type Said = { action: AuditAction; id: number; seen: number }

function indexed(kept: Kept, deadOffset: number): IndexedLetter {
  return {
    id: `t/0/${kept.id}`,
    kind: kept.kind,
    status: kept.kind,
    reason: kept.kind === 'dead' ? 'unrecoverable' : 'parked-behind',
    key: `k${kept.id % 2}`,
    origin: { topic: 't', partition: 0, offset: kept.id },
    lane: 'l',
    stream: 's',
    type: 'x',
    eventId: `${kept.id}`,
    attempts: 1,
    firstAttemptAt: kept.began,
    lastAttemptAt: kept.began,
    deadAt: kept.began,
    deadOffset,
    ...(kept.replacedFrom !== undefined && { replacedFrom: kept.replacedFrom }),
    group: 'g',
    policy: 'park-key',
    bytes: 1,
  }
}

class Topics {
  readonly views = new LetterViews()
  readonly states = new LetterStates(this.views)
  #deadOffset = 0
  keep(...letters: Kept[]): this {
    for (const kept of letters) this.states.keep(indexed(kept, this.#deadOffset++))
    return this
  }
  say(...entries: Said[]): this {
    for (const { action, id, seen } of entries) {
      const entry: AuditEntry = { action, letters: [`t/0/${id}`], by: 'w', at: 99, seen }
      this.states.apply(entry)
    }
    return this
  }
  get shown(): string[] {
    return [...this.states.letters.values()].map(
      (letter) => `${letter.origin.offset}:${letter.status}@${letter.deadOffset}x${letter.attempts}`,
    )
  }
}

const dead = (id: number, began = 1): Kept => ({ id, began, kind: 'dead' })
const parked = (id: number, began = 1): Kept => ({ id, began, kind: 'parked' })
const said = (action: AuditAction, id: number, seen: number): Said => ({ action, id, seen })

describe('rule 1: the same failure told again changes nothing', () => {
  test('while it is unresolved', () => {
    const topics = new Topics()
      .keep(dead(7))
      .say(said('redrive-requested', 7, 1))
      .keep(dead(7))
    expect(topics.shown).toEqual(['7:redriving@0x1'])
  })
  test.each(['redriven', 'discarded', 'released'] as const)('after it was %s', (action) => {
    expect(
      new Topics()
        .keep(dead(7))
        .say(said(action, 7, 1))
        .keep(dead(7)).shown,
    ).toEqual([])
  })
})

test('a failure that was resolved is known for that one only', () => {
  const topics = new Topics().keep(dead(1, 10))
  expect(topics.states.hasEnded('t/0/1', generationOf(indexed(dead(1, 10), 0)))).toBe(false)
  topics.say(said('discarded', 1, 1))
  expect(topics.states.hasEnded('t/0/1', generationOf(indexed(dead(1, 10), 0)))).toBe(true)
  expect(topics.states.hasEnded('t/0/1', generationOf(indexed(dead(1, 11), 0)))).toBe(false)
  expect(topics.states.hasEnded('t/0/2', generationOf(indexed(dead(2, 10), 0)))).toBe(false)
})

describe('rule 2: another failure of the same event', () => {
  test('replaces the unresolved one', () => {
    expect(new Topics().keep(dead(7, 1), dead(8), dead(7, 2)).shown).toEqual(['8:dead@1x1', '7:dead@2x1'])
  })
  test('shows again when the first was resolved before it was kept', () => {
    const topics = new Topics()
      .keep(dead(7, 1))
      .say(said('discarded', 7, 1))
      .keep(dead(7, 2))
    expect(topics.shown).toEqual(['7:dead@1x1'])
    expect(topics.keep(dead(7, 1)).shown).toEqual(['7:dead@1x1'])
  })
  test('turns a parked event that was run and failed into a dead one', () => {
    expect(new Topics().keep(parked(7), dead(7)).shown).toEqual(['7:dead@1x1'])
  })
})

describe('rule 3: an entry concerns what was seen', () => {
  test('and not a failure kept later', () => {
    const topics = new Topics().keep(dead(7, 1), dead(7, 2)).say(said('discarded', 7, 1))
    expect(topics.shown).toEqual(['7:dead@1x1'])
    expect(topics.say(said('discarded', 7, 2)).shown).toEqual([])
  })
  test('also when it is read before its letter', () => {
    const early = new Topics().say(said('redrive-requested', 7, 1), said('redrive-failed', 7, 1))
    expect(early.keep(dead(7)).shown).toEqual(['7:dead@0x2'])
  })
  test('and a failed redrive makes a parked one dead', () => {
    const topics = new Topics().keep(parked(7)).say(said('redrive-failed', 7, 1))
    expect(topics.states.letters.get('t/0/7')).toMatchObject({ kind: 'dead', status: 'dead', lastAttemptAt: 99 })
  })
})

describe('rule 4: a replacement', () => {
  const replaced = (id: number, replacedFrom: number, began = 1): Kept => ({ ...dead(id, began), replacedFrom })
  test('takes the place of its letter, in whatever state that is', () => {
    const topics = new Topics()
      .keep(dead(7), dead(8))
      .say(said('redrive-failed', 7, 2), said('redrive-requested', 7, 2))
    expect(topics.keep(replaced(7, 0)).shown).toEqual(['8:dead@1x1', '7:redriving@2x2'])
    expect(topics.views.redriving('t', 0).map(({ deadOffset }) => deadOffset)).toEqual([2])
    expect(topics.views.chain('t', 0, 'k1').map(({ deadOffset }) => deadOffset)).toEqual([2])
  })
  test.each(['discarded', 'released', 'redriven'] as const)(
    'is nothing when the letter was %s, seen or not',
    (action) => {
      expect(
        new Topics()
          .keep(dead(7))
          .say(said(action, 7, 1))
          .keep(replaced(7, 0)).shown,
      ).toEqual([])
      expect(new Topics().keep(dead(7), replaced(7, 0)).say(said(action, 7, 1)).shown).toEqual([])
    },
  )
  test('may be replaced again, and its failure told again', () => {
    const topics = new Topics().keep(dead(7), replaced(7, 0), replaced(7, 0), dead(7))
    expect(topics.shown).toEqual(['7:dead@2x1'])
  })
  test('is nothing for another failure than its own', () => {
    expect(new Topics().keep(dead(7, 1), dead(7, 2), replaced(7, 0, 1)).shown).toEqual(['7:dead@1x1'])
  })
  test('is the letter where retention has removed what it replaces', () => {
    const topics = new Topics().keep(dead(9), replaced(7, 0))
    expect(topics.shown).toEqual(['9:dead@0x1', '7:dead@1x1'])
    expect(topics.say(said('redriven', 7, 1)).shown).toEqual(['9:dead@0x1'])
  })
  test('is forgotten with its record, not with the one it replaced', () => {
    const topics = new Topics().keep(dead(7), dead(8), replaced(7, 0))
    topics.states.forgetBelow(1)
    expect(topics.shown).toEqual(['8:dead@1x1', '7:dead@2x1'])
    topics.states.forgetBelow(3)
    expect(topics.shown).toEqual([])
  })
})

test('forgets what retention removed, and only that', () => {
  const topics = new Topics().keep(dead(1), dead(2), dead(3))
  topics.states.forgetBelow(2)
  expect(topics.shown).toEqual(['3:dead@2x1'])
  expect(topics.views.chain('t', 0, 'k1').map(({ id }) => id)).toEqual(['t/0/3'])
})

const keptArb: fc.Arbitrary<Kept> = fc.record({
  id: fc.integer({ min: 0, max: 3 }),
  began: fc.integer({ min: 1, max: 3 }),
  kind: fc.constantFrom('dead', 'dead', 'parked'),
})
const actionArb = fc.constantFrom<AuditAction[]>(
  'redrive-requested',
  'redriven',
  'redrive-failed',
  'released',
  'discarded',
  'replaced',
)

/** What is written, in the order written: letters, and entries by writers who have seen all or not quite all of them. */
const historyArb = fc.array(
  fc.oneof(
    keptArb,
    fc.record({ replaces: fc.nat(23) }),
    fc.record({ action: actionArb, id: fc.integer({ min: 0, max: 3 }), behind: fc.constantFrom(0, 0, 0, 1, 2) }),
  ),
  { maxLength: 24 },
)

type Written = { letters: Kept[]; entries: Said[]; order: ('letter' | 'entry')[] }

/** Entries speak of letters their writer has read. Who has read a later letter of the topic does not unread it. */
type Step = Kept | { replaces: number } | { action: AuditAction; id: number; behind: number }

function written(history: readonly Step[]): Written {
  const out: Written = { letters: [], entries: [], order: [] }
  for (const step of history) {
    if ('kind' in step) {
      out.letters.push(step)
      out.order.push('letter')
      continue
    }
    if ('replaces' in step) {
      const letter = out.letters[step.replaces]
      if (letter === undefined) continue
      // As first kept: one that is told again is the same failure.
      const first = out.letters.findIndex((one) => isSameFailure(one, letter))
      out.letters.push({ ...letter, replacedFrom: first })
      out.order.push('letter')
      continue
    }
    const seen = out.letters.length - step.behind
    if (!out.letters.slice(0, Math.max(0, seen)).some(({ id }) => id === step.id)) continue
    out.entries.push({ action: step.action, id: step.id, seen })
    out.order.push('entry')
  }
  return out
}

function isSameFailure(a: Kept, b: Kept): boolean {
  return a.id === b.id && generationOf(indexed(a, 0)) === generationOf(indexed(b, 0))
}

function read(from: Written, nextIsLetter: (step: number) => boolean): Topics {
  const topics = new Topics()
  const [letters, entries] = [[...from.letters], [...from.entries]]
  for (let step = 0; letters.length > 0 || entries.length > 0; step++) {
    const takeLetter = entries.length === 0 || (letters.length > 0 && nextIsLetter(step))
    if (takeLetter) topics.keep(letters.shift()!)
    else topics.say(entries.shift()!)
  }
  return topics
}

test('comes to the same in every interleaving of the two topics', () => {
  fc.assert(
    fc.property(historyArb, fc.array(fc.boolean(), { minLength: 48, maxLength: 48 }), (history, coin) => {
      const from = written(history)
      const asWritten = read(from, (step) => from.order[step] === 'letter')
      const anyhow = read(from, (step) => coin[step]!)
      const deadFirst = read(from, () => true)
      expect(anyhow.shown).toEqual(asWritten.shown)
      expect(deadFirst.shown).toEqual(asWritten.shown)
    }),
    { numRuns: 3000 },
  )
})

const offsets = (list: readonly IndexedLetter[]): number[] => list.map((letter) => letter.origin.offset)

test('keeps its views equal to the letters', () => {
  fc.assert(
    fc.property(historyArb, (history) => {
      const from = written(history)
      const { states, views } = read(from, (step) => from.order[step] === 'letter')
      const letters = [...states.letters.values()].sort((a, b) => a.origin.offset - b.origin.offset)
      for (const key of ['k0', 'k1']) {
        expect(views.chain('t', 0, key)).toEqual(letters.filter((letter) => letter.key === key))
      }
      expect([...views.parkedKeys('t', 0)].sort()).toEqual([...new Set(letters.map(({ key }) => key))].sort())
      expect(offsets(views.redriving('t', 0))).toEqual(offsets(letters.filter(({ status }) => status === 'redriving')))
      for (const letter of letters) {
        expect(views.headOf(letter)).toBe(letters.find(({ key }) => key === letter.key))
      }
    }),
  )
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCommitState, encodeCommitState, keyHash, type CommitState } from '../../src/worker/commit-state.ts'

const nothing: CommitState = { clean: true, reserved: 0, high: 0, open: [] }

/** The state of a partition where `keys[offset]` is each event's key and `doneUpTo[key]` says how many of a key's events are done. */
function stateOf(
  keys: readonly number[],
  doneCounts: readonly number[],
): { committed: number; state: CommitState; done: boolean[] } {
  const seen = new Map<number, number>()
  const done = keys.map((key) => {
    const before = seen.get(key) ?? 0
    seen.set(key, before + 1)
    return before < (doneCounts[key] ?? 0)
  })
  const committed = done.includes(false) ? done.indexOf(false) : done.length
  const high = done.lastIndexOf(true) + 1
  const firsts = new Map<number, { offset: number; followers: boolean }>()
  for (let offset = committed; offset < high; offset++) {
    if (done[offset]) continue
    const first = firsts.get(keys[offset]!)
    if (first) first.followers = true
    else firsts.set(keys[offset]!, { offset, followers: false })
  }
  const open = [...firsts].map(([key, { offset, followers }]) => ({
    offset,
    keyHash: followers ? keyHash(String(key)) : undefined,
    attempts: offset % 4,
    firstAttemptAt: offset % 4 === 0 ? 0 : 1_700_000_000_000 + offset,
    lastAttemptAt: offset % 4 === 0 ? 0 : 1_700_000_000_500 + offset,
  }))
  return { committed, state: { clean: false, reserved: committed + 100, high: Math.max(high, committed), open }, done }
}

const partitions = fc.record({
  keys: fc.array(fc.nat(12), { maxLength: 300 }),
  doneCounts: fc.array(fc.nat(40), { minLength: 13, maxLength: 13 }),
})

describe('commit state', () => {
  it('tells exactly which events are done, for any progress by key', () => {
    fc.assert(
      fc.property(partitions, ({ keys, doneCounts }) => {
        const { committed, state, done } = stateOf(keys, doneCounts)
        const stored = decodeCommitState(committed, encodeCommitState(committed, state, 65_536))
        for (let offset = committed; offset < keys.length; offset++) {
          expect(stored.isDone(offset, String(keys[offset]))).toBe(done[offset])
        }
        for (const entry of state.open) expect(stored.attemptsAt(entry.offset)).toEqual(entry)
        expect(stored.isSuspect(committed + 99)).toBe(true)
        expect(stored.isSuspect(committed + 100)).toBe(false)
      }),
    )
  })

  it('cut to any size claims less to be done, never more, and stays within the size', () => {
    fc.assert(
      fc.property(partitions, fc.integer({ min: 24, max: 200 }), ({ keys, doneCounts }, maxBytes) => {
        const { committed, state, done } = stateOf(keys, doneCounts)
        const bytes = encodeCommitState(committed, state, maxBytes)
        expect(bytes.length).toBeLessThanOrEqual(maxBytes)
        const stored = decodeCommitState(committed, bytes)
        for (let offset = committed; offset < keys.length; offset++) {
          if (stored.isDone(offset, String(keys[offset]))) expect(done[offset]).toBe(true)
        }
      }),
    )
  })

  it('needs no more bytes for a million events behind a failing key', () => {
    const failing = {
      offset: 10,
      keyHash: keyHash('stuck'),
      attempts: 3,
      firstAttemptAt: 1.7e12,
      lastAttemptAt: 1.7e12 + 9,
    }
    const state = { clean: false, reserved: 1_000_100, high: 1_000_000, open: [failing] }
    expect(encodeCommitState(10, state, 4_096).length).toBeLessThan(40)
  })

  it('says nothing when the metadata is empty, foreign or cut short', () => {
    const entry = { offset: 5, keyHash: keyHash('k'), attempts: 1, firstAttemptAt: 1e12, lastAttemptAt: 1e12 }
    const whole = encodeCommitState(5, { clean: false, reserved: 50, high: 20, open: [entry] }, 4_096)
    for (const bytes of [new Uint8Array(), Buffer.from('{"other":1}'), whole.slice(0, whole.length - 1)]) {
      const stored = decodeCommitState(5, bytes)
      expect(stored.isDone(6, 'any')).toBe(false)
      expect(stored.isSuspect(5)).toBe(false)
    }
  })

  it('two keys with one hash cost a repeat, never a loss', () => {
    const entry = (offset: number) => ({
      offset,
      keyHash: keyHash('same'),
      attempts: 0,
      firstAttemptAt: 0,
      lastAttemptAt: 0,
    })
    const state = { ...nothing, high: 100, open: [entry(0), entry(50)] }
    const stored = decodeCommitState(0, encodeCommitState(0, state, 4_096))
    expect(stored.isDone(20, 'same')).toBe(false)
    expect(stored.isDone(20, 'other')).toBe(true)
  })
})

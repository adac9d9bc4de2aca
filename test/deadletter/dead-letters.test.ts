/**
 * Dead letters by hand: list, show, redrive, discard, audit, counts.
 * @module
 */
import { describe, expect, test } from 'vitest'
import {
  DeadLetterBehindParked,
  DeadLetters,
  type LetterResult,
  type RedriveOptions,
  type RedriveProgress,
} from '../../src/deadletter/index.ts'
import { bench, configOf, idOf, letter, subscription, type Bench } from './letters.ts'

async function desk(policy?: 'continue' | 'park-key'): Promise<Bench & { letters: DeadLetters }> {
  const on = await bench(subscription(policy))
  const config = configOf(on.sub, subscription('continue', 'mails'))
  await on.log.admin.createTopics([
    { name: 'shop.mails.dead', partitions: 1, retentionMs: Infinity, retentionBytes: Infinity },
    { name: 'shop.mails.dead.audit', partitions: 1, retentionMs: Infinity, retentionBytes: Infinity },
  ])
  return { ...on, letters: new DeadLetters({ log: on.log, config, clock: on.clock, by: 'ann' }) }
}

const parked = { kind: 'parked' } as const
const ids = (letters: readonly { id: string }[]): number[] => letters.map(({ id }) => Number(id.split('/').at(-1)))
const outcomes = (results: readonly LetterResult[]): string[] =>
  results.map(({ id, outcome }) => `${id.split('/').at(-1)} ${outcome}`)
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('list', () => {
  test('gives the newest first, in pages that resolving letters does not shift', async () => {
    const { letters, keep, say } = await desk('continue')
    await keep(...[1, 2, 3, 4, 5].map((offset) => letter(offset)))
    const first = await letters.list('billing', {}, { limit: 2 })
    expect([ids(first.letters), first.total]).toEqual([[5, 4], 5])
    await say('discarded', [4, 3])
    const second = await letters.list('billing', {}, { limit: 2, after: first.next! })
    expect([ids(second.letters), second.next, second.total]).toEqual([[2, 1], undefined, 3])
    expect(await letters.list('billing', {}, { after: '0' })).toEqual({ letters: [], total: 3 })
  })

  test('filters by every condition, all of them together', async () => {
    const { letters, keep } = await desk()
    await keep(
      letter(1, { key: 'a', error: new TypeError('Card Declined') }),
      letter(2, { key: 'a', ...parked }),
      letter(3, { key: 'b', reason: 'unrecoverable' }),
    )
    const list = async (filter: Parameters<DeadLetters['list']>[1]): Promise<number[]> =>
      ids((await letters.list('billing', filter)).letters)
    expect(await list({ key: 'a' })).toEqual([2, 1])
    expect(await list({ kind: 'parked' })).toEqual([2])
    expect(await list({ reason: 'unrecoverable' })).toEqual([3])
    expect(await list({ type: 'order.placed' })).toEqual([3, 2, 1])
    expect(await list({ type: 'order' })).toEqual([])
    expect(await list({ error: 'card declined' })).toEqual([1])
    expect(await list({ error: 'typeerror' })).toEqual([1])
    expect(await list({ since: 1600, until: 3600 })).toEqual([2, 1])
    expect(await list({ ids: [idOf(3), idOf(1), 'nonsense'] })).toEqual([3, 1])
    expect(await list({ key: 'a', kind: 'dead' })).toEqual([1])
  })

  test('refuses a subscription, a limit or a cursor that makes no sense', async () => {
    const { letters } = await desk()
    await expect(letters.list('biling')).rejects.toThrow(/"biling"; the typed file has billing, mails/)
    for (const limit of [0, 1.5, NaN, 10_001]) {
      await expect(letters.list('billing', {}, { limit })).rejects.toMatchObject({ field: 'limit' })
    }
    for (const after of ['', 'x']) {
      await expect(letters.list('billing', {}, { after })).rejects.toMatchObject({ field: 'after' })
    }
  })
})

describe('show', () => {
  test('has the event, the story, what happened, and who waits', async () => {
    const { letters, keep, say } = await desk()
    await keep(letter(1), letter(2, parked), letter(3, parked), letter(4, { key: 'other' }))
    await say('redrive-requested', [1, 4])
    await say('redrive-requested', [4])
    const shown = await letters.show('billing', idOf(1))
    expect(shown).toMatchObject({
      letter: { id: idOf(1), status: 'redriving' },
      event: { id: 'e1', type: 'order.placed', data: { orderId: 'k' } },
      story: { chain: [{ message: 'no luck with 1' }] },
      audit: [{ action: 'redrive-requested', by: 'worker' }],
    })
    expect([ids(shown.followers), shown.behind, shown.undecodable]).toEqual([[2, 3], undefined, undefined])
    const follower = await letters.show('billing', idOf(2))
    expect([follower.behind!.id, ids(follower.followers), follower.story]).toEqual([idOf(1), [3], undefined])
  })

  test('has the newest story after a redrive that failed', async () => {
    const { letters, keep, say } = await desk()
    await keep(letter(1))
    await say('redrive-failed', [1], { error: { chain: [{ name: 'Error', message: 'and again' }] } })
    expect((await letters.show('billing', idOf(1))).story!.chain[0]!.message).toBe('and again')
  })

  test('has the bytes of what is no event, and why it is none', async () => {
    const { letters, keep } = await desk()
    const { record } = letter(1)
    await keep(letter(1, { record: { ...record, value: Buffer.from('{') } }))
    const shown = await letters.show('billing', idOf(1))
    expect(shown.event).toBeUndefined()
    expect(shown.undecodable).toMatchObject({ code: 'VLX_ENVELOPE_INVALID' })
    expect(Buffer.from(shown.record.value!).toString()).toBe('{')
  })

  test('refuses what is not there', async () => {
    const { letters } = await desk()
    await expect(letters.show('billing', 'a/0/1')).rejects.toMatchObject({ code: 'VLX_DEAD_LETTER_UNKNOWN' })
  })
})

describe('redrive', () => {
  test('requests each letter once, oldest event first, with who and why', async () => {
    const { letters, keep } = await desk('continue')
    await keep(letter(5), letter(2), letter(3))
    const selection = { ids: [idOf(5), idOf(2), 'gone/0/1'] }
    const results = await letters.redrive('billing', selection, { reason: 'fixed', rate: Infinity })
    expect(outcomes(results)).toEqual(['2 requested', '5 requested', '1 unknown'])
    expect(results.at(-1)!.error).toMatchObject({ code: 'VLX_DEAD_LETTER_UNKNOWN', id: 'gone/0/1' })
    const [entry, ...others] = await letters.audit('billing')
    expect(others).toEqual([])
    expect(entry).toMatchObject({
      action: 'redrive-requested',
      letters: [idOf(2), idOf(5)],
      by: 'ann',
      at: 5_000_000,
      reason: 'fixed',
      seen: 3,
    })
    expect(outcomes(await letters.redrive('billing', { all: true }, { rate: Infinity }))).toEqual([
      '2 already-redriving',
      '3 requested',
      '5 already-redriving',
    ])
  })

  test('takes only the earliest of a parked key; its followers come after it', async () => {
    const { letters, keep } = await desk()
    await keep(
      letter(1),
      letter(2, parked),
      letter(3, parked),
      letter(4, { key: 'b' }),
      letter(5, { key: 'b', ...parked }),
    )
    const results = await letters.redrive('billing', { ids: [1, 2, 3, 5].map(idOf) })
    expect(outcomes(results)).toEqual(['1 requested', '2 follows', '3 follows', '5 blocked'])
    expect(results.at(-1)!.error).toBeInstanceOf(DeadLetterBehindParked)
    expect(results.at(-1)!.error).toMatchObject({ id: idOf(5), head: idOf(4), code: 'VLX_DEAD_LETTER_BEHIND_PARKED' })
    expect((await letters.audit('billing')).flatMap((entry) => entry.letters)).toEqual([idOf(1)])
  })

  test('says what it would do and does nothing in a dry run', async () => {
    const { letters, keep } = await desk()
    await keep(letter(1), letter(2, parked))
    expect(outcomes(await letters.redrive('billing', { all: true }, { dryRun: true }))).toEqual([
      '1 would-redrive',
      '2 follows',
    ])
    expect(await letters.audit('billing')).toEqual([])
  })

  test('keeps to its rate on the clock, and tells how far it is', async () => {
    const { letters, keep, clock } = await desk('continue')
    await keep(...Array.from({ length: 25 }, (_, i) => letter(i)))
    const told: [number, number][] = []
    const progress = ({ requested }: RedriveProgress): void => void told.push([clock.now() - 5_000_000, requested])
    const done = letters.redrive('billing', { all: true }, { rate: 100, progress })
    await settled()
    await clock.advance(99)
    expect(told).toEqual([[0, 10]])
    await clock.advance(1)
    expect(told.at(-1)).toEqual([100, 20])
    await clock.advance(100)
    await done
    expect(told.at(-1)).toEqual([200, 25])
  })

  test('goes slower than one a second when asked', async () => {
    const { letters, keep, clock } = await desk('continue')
    await keep(letter(1), letter(2))
    const done = letters.redrive('billing', { all: true }, { rate: 0.5 })
    await settled()
    await clock.advance(1999)
    expect(await letters.audit('billing')).toHaveLength(1)
    await clock.advance(1)
    await done
    expect(await letters.audit('billing')).toHaveLength(2)
  })

  test('waits for what workers report', async () => {
    const { letters, keep, say } = await desk('continue')
    await keep(...[1, 2, 3, 4].map((offset) => letter(offset)))
    await say('redrive-requested', [4])
    const told: RedriveProgress[] = []
    const options: RedriveOptions = { wait: true, rate: Infinity, progress: (now) => told.push(now) }
    const waiting = letters.redrive('billing', { all: true }, options)
    await settled()
    await say('redriven', [1])
    await say('redrive-failed', [2], { error: { chain: [{ name: 'Error', message: 'no' }] } })
    await say('discarded', [3], { by: 'bob' })
    await settled()
    expect(told.at(-1)).toEqual({ total: 4, toRequest: 3, requested: 3, redriven: 1, failed: 1 })
    await say('redriven', [4])
    const results = await waiting
    expect(outcomes(results)).toEqual(['1 redriven', '2 failed', '3 discarded', '4 redriven'])
    expect(results[1]!.story!.chain[0]!.message).toBe('no')
  })

  test('stops asking and waiting when told to; what was requested stays requested', async () => {
    const { letters, keep } = await desk('continue')
    await keep(letter(1), letter(2))
    const stop = new AbortController()
    const waiting = letters.redrive('billing', { all: true }, { wait: true, rate: Infinity, signal: stop.signal })
    await settled()
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    const paced = letters.redrive(
      'billing',
      { all: true },
      { rate: 1, signal: AbortSignal.abort(new Error('at once')) },
    )
    await expect(paced).resolves.toMatchObject([{ outcome: 'already-redriving' }, { outcome: 'already-redriving' }])
    expect((await letters.counts()).get('billing')).toMatchObject({ redriving: 2 })
  })

  test('refuses a rate or a selection that makes no sense', async () => {
    const { letters, keep } = await desk()
    await keep(letter(1))
    for (const rate of [0, -1, NaN, 1e-7]) {
      await expect(letters.redrive('billing', { all: true }, { rate })).rejects.toMatchObject({ field: 'rate' })
    }
    await expect(letters.redrive('billing', {})).rejects.toMatchObject({ field: 'selection' })
    await expect(letters.redrive('billing', { type: undefined } as object)).rejects.toMatchObject({
      field: 'selection',
    })
    // A mistyped condition would select everything.
    const wrong = { kye: 'k', ids: 'k', since: '1h', until: NaN, type: 5 }
    for (const [field, value] of Object.entries(wrong)) {
      const selection = { [field]: value } as object
      await expect(letters.redrive('billing', selection)).rejects.toMatchObject({ field })
      await expect(letters.discard('billing', selection, { reason: 'r' })).rejects.toMatchObject({ field })
      await expect(letters.list('billing', selection)).rejects.toMatchObject({ field })
    }
    const both = { all: true, key: 'k' } as { all: true }
    await expect(letters.redrive('billing', both)).rejects.toMatchObject({ field: 'selection' })
    expect(await letters.audit('billing')).toEqual([])
  })
})

describe('very many letters', () => {
  test('stopped on the way: what was requested is written down, and told to the last one', async () => {
    const { letters, keep, clock, log } = await desk('continue')
    const total = 20_000
    for (let from = 0; from < total; from += 10_000) {
      await keep(...Array.from({ length: 10_000 }, (_, index) => letter(from + index, { key: `k${from + index}` })))
    }
    const dry = await letters.dryRun('billing', 'redrive', { all: true })
    expect(dry).toEqual({ total, outcomes: { 'would-redrive': total }, refused: [] })
    const stop = new AbortController()
    const told: RedriveProgress[] = []
    const progress = (now: RedriveProgress): void => {
      told.push(now)
      if (now.requested === 8_000) stop.abort(new Error('enough'))
    }
    const options = { rate: 20_000, progress, signal: stop.signal }
    const redriven = letters.redrive('billing', { all: true }, options)
    const ended = redriven.catch((error: Error) => error.message)
    while (!stop.signal.aborted) {
      clock.advance(10)
      await settled()
    }
    expect(await ended).toBe('enough')
    expect(told.at(-1)).toEqual({ total, toRequest: total, requested: 8_000, redriven: 0, failed: 0 })
    expect(told.map(({ requested }) => requested)).toEqual(told.map((_, step) => (step + 1) * 200))
    const [audit] = await log.admin.offsets(['shop.billing.dead.audit'])
    expect(audit!.end).toBe(40)
    expect((await letters.counts()).get('billing')).toMatchObject({ redriving: 8_000, dead: 12_000 })
    // The rest is requested by the same call again.
    const again = await letters.dryRun('billing', 'redrive', { all: true })
    expect(again.outcomes).toEqual({ 'would-redrive': 12_000, 'already-redriving': 8_000 })
  })

  test('of one key: one is requested, all the others follow it', async () => {
    const { letters, keep } = await desk()
    const total = 20_000
    await keep(...Array.from({ length: total }, (_, offset) => letter(offset, offset > 0 ? parked : {})))
    const dry = await letters.dryRun('billing', 'redrive', { all: true })
    expect(dry).toEqual({ total, outcomes: { 'would-redrive': 1, follows: total - 1 }, refused: [] })
    const followers = await letters.dryRun('billing', 'discard', parked)
    expect(followers).toMatchObject({ total: total - 1, outcomes: { blocked: total - 1 } })
    expect(followers.refused).toHaveLength(20)
    expect(followers.refused[0]).toMatchObject({ outcome: 'blocked', error: { head: idOf(0) } })
    const told: RedriveProgress[] = []
    await letters.redrive('billing', { all: true }, { progress: (now) => told.push(now) })
    expect(told).toEqual([{ total, toRequest: 1, requested: 1, redriven: 0, failed: 0 }])
  })
})

describe('discard', () => {
  test('lets letters go with a reason, and leaves who did it', async () => {
    const { letters, keep } = await desk()
    await keep(letter(1), letter(2, parked), letter(3, parked))
    const results = await letters.discard('billing', { ids: [idOf(1), idOf(3)] }, { reason: 'test order' })
    expect(outcomes(results)).toEqual(['1 discarded', '3 blocked'])
    expect(results[1]!.error).toMatchObject({ head: idOf(2) })
    expect(ids((await letters.list('billing')).letters)).toEqual([3, 2])
    expect(await letters.audit('billing', { letter: idOf(1) })).toMatchObject([
      { action: 'discarded', by: 'ann', reason: 'test order', letters: [idOf(1)] },
    ])
  })

  test('takes followers before their head, so that none is run in between', async () => {
    const { letters, keep } = await desk()
    await keep(letter(0), ...Array.from({ length: 450 }, (_, i) => letter(i + 1, parked)))
    await letters.discard('billing', { all: true }, { reason: 'all of it' })
    const entries = (await letters.audit('billing')).toReversed()
    expect(entries.map((entry) => entry.letters.length)).toEqual([200, 200, 51])
    expect(entries.flatMap((entry) => entry.letters).at(-1)).toBe(idOf(0))
    expect((await letters.counts()).get('billing')!.total).toBe(0)
  })

  test('wants a reason, and changes nothing in a dry run', async () => {
    const { letters, keep } = await desk()
    await keep(letter(1))
    for (const reason of ['', '  ', 'x'.repeat(1001)]) {
      await expect(letters.discard('billing', { all: true }, { reason })).rejects.toMatchObject({ field: 'reason' })
    }
    const dry = await letters.discard('billing', { all: true }, { reason: 'r', dryRun: true })
    expect(outcomes(dry)).toEqual(['1 would-discard'])
    expect((await letters.list('billing')).total).toBe(1)
  })

  test('passes a refused append on', async () => {
    const { letters, keep, log } = await desk()
    await keep(letter(1))
    log.append = async () => [{ error: new Error('no room') }]
    await expect(letters.discard('billing', { all: true }, { reason: 'r' })).rejects.toThrow('no room')
  })
})

describe('audit and counts', () => {
  test('give the newest entries first, up to a limit', async () => {
    const { letters, keep, say } = await desk()
    await keep(letter(1), letter(2, { key: 'b' }))
    for (let i = 0; i < 5; i++) await say('redrive-requested', [1], { batch: `${i}` })
    await say('discarded', [2])
    expect((await letters.audit('billing', { limit: 2 })).map(({ action }) => action)).toEqual([
      'discarded',
      'redrive-requested',
    ])
    const ofOne = await letters.audit('billing', { letter: idOf(1), limit: 3 })
    expect(ofOne.map(({ batch }) => batch)).toEqual(['4', '3', '2'])
  })

  test('count every subscription', async () => {
    const { letters, keep, say } = await desk()
    await keep(letter(2), letter(3, parked), letter(4, { key: 'b', reason: 'crashed' }))
    await say('redrive-requested', [4])
    const counts = await letters.counts()
    expect(counts.get('billing')).toEqual({
      total: 3,
      dead: 1,
      parked: 1,
      redriving: 1,
      byReason: { 'attempts-exhausted': 1, 'parked-behind': 1, crashed: 1 },
      byType: new Map([['order.placed', 3]]),
      oldestAt: 2600,
      unreadable: 0,
    })
    expect(counts.get('mails')).toMatchObject({ total: 0, byReason: {} })
    expect(counts.get('mails')!.oldestAt).toBeUndefined()
  })

  test('open the log only when something is asked', async () => {
    const { log, clock, sub, keep } = await desk()
    await keep(letter(1))
    let opened = 0
    const open = async () => (opened++, log)
    const letters = new DeadLetters({ log: open, config: configOf(sub), clock })
    expect(opened).toBe(0)
    await letters.discard('billing', { all: true }, { reason: 'r' })
    expect((await letters.audit('billing'))[0]!.by).toMatch(/^.+@.+$/)
    expect(opened).toBeGreaterThan(0)
  })
})

/**
 * Replacing a letter's payload: what is written, in which order, what is refused, and that a repeat changes nothing.
 * @module
 */
import { describe, expect, test } from 'vitest'
import { DeadLetters, type Replacement } from '../../src/deadletter/index.ts'
import { encodeEvent } from '../../src/event/index.ts'
import type { Log, LogRecord } from '../../src/transport/index.ts'
import { bench, configOf, headersOf, idOf, letter, type Bench } from './letters.ts'

const reason = 'wrong total'

async function desk(wrap = (log: Log): Log => log): Promise<Bench & { letters: DeadLetters; sound: DeadLetters }> {
  const on = await bench()
  const open = (log: Log): DeadLetters => new DeadLetters({ log, config: configOf(on.sub), clock: on.clock, by: 'ann' })
  return { ...on, letters: open(wrap(on.log)), sound: open(on.log) }
}

/** The record of an order, with a header of somebody else's. */
function order(offset: number, data: object): LogRecord {
  const event = { id: `e${offset}`, source: '/shop', type: 'order.placed', time: '2026-01-01T00:00:00.000Z', key: 'k' }
  const encoded = encodeEvent({ ...event, data, extensions: { traceparent: '00-1-2-01' } })
  const headers = headersOf([...encoded.headers, ['x-tenant', 'north']])
  return { ...encoded, offset, headers, bytes: encoded.value.length }
}

/** The log, with something done to appends that fit. */
function appending(log: Log, instead: Log['append']): Log {
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'append') return instead
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

async function count(on: Bench): Promise<{ dead: number; audit: number }> {
  const ends = await on.log.admin.offsets([on.sub.deadTopic, on.sub.auditTopic])
  const end = (topic: string): number => ends.find((one) => one.topic === topic)!.end
  return { dead: end(on.sub.deadTopic), audit: end(on.sub.auditTopic) }
}

describe('replacing', () => {
  test('puts the payload in the place of the letter, and asks for it', async () => {
    const { letters, keep } = await desk()
    await keep(letter(1, { record: order(1, { orderId: 'k', total: -5 }) }), letter(2, { kind: 'parked' }))
    const { before, after, ...told } = await letters.replace('billing', idOf(1), {
      data: { orderId: 'k', total: 5 },
      reason,
    })
    expect(told).toEqual({ id: idOf(1), eventId: after.id, outcome: 'requested' })
    expect(before).toMatchObject({ id: 'e1', data: { total: -5 } })
    expect(after.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)

    const shown = await letters.show('billing', idOf(1))
    expect(shown.event).toEqual({
      ...before,
      id: after.id,
      data: { orderId: 'k', total: 5 },
      extensions: { traceparent: '00-1-2-01', causationid: 'e1' },
    })
    expect(shown.record.headers.text('x-tenant')).toBe('north')
    expect(shown.record).toMatchObject({ offset: 1, timestamp: order(1, {}).timestamp })
    // All that was known of the failure stays.
    expect(shown.letter).toMatchObject({
      ...{ status: 'redriving', kind: 'dead', attempts: 5, deadAt: 1600, eventId: after.id },
      ...{ deadOffset: 2, replacedFrom: 0, errorMessage: 'no luck with 1' },
    })
    expect(shown.story?.chain[0]?.message).toBe('no luck with 1')
    expect(shown.followers.map(({ id }) => id)).toEqual([idOf(2)])
    expect(shown.audit).toMatchObject([
      { action: 'replaced', event: after.id, by: 'ann', reason },
      { action: 'redrive-requested', reason },
    ])
  })

  test('a follower keeps its place, and runs in its turn', async () => {
    const { letters, keep } = await desk()
    await keep(
      letter(1),
      letter(2, { kind: 'parked', record: order(2, { orderId: 'k' }) }),
      letter(3, { kind: 'parked' }),
    )
    const { outcome } = await letters.replace('billing', idOf(2), { data: { orderId: 'k', total: 1 }, reason })
    expect(outcome).toBe('follows')
    const { letter: replaced, behind, followers } = await letters.show('billing', idOf(2))
    expect([replaced.status, behind?.id, followers.map(({ id }) => id)]).toEqual(['parked', idOf(1), [idOf(3)]])
  })

  test('again, with another payload: the cause stays the event that was published', async () => {
    const { letters, keep, say } = await desk()
    await keep(letter(1, { record: order(1, { orderId: 'k' }) }))
    const replace = (total: number): Promise<Replacement> =>
      letters.replace('billing', idOf(1), { data: { orderId: 'k', total }, reason })
    const first = await replace(1)
    await say('redrive-failed', [1])
    const second = await replace(2)
    expect(second).toMatchObject({ outcome: 'requested', before: { data: { total: 1 } } })
    expect(second.after.extensions['causationid']).toBe('e1')
    await say('redrive-failed', [1])
    expect((await replace(1)).eventId).toBe(first.eventId)
  })

  test('a dry run says what it would be, and writes nothing', async () => {
    const on = await desk()
    await on.keep(letter(1, { record: order(1, { orderId: 'k' }) }))
    const data = { orderId: 'k', total: 1 }
    const dry = await on.letters.replace('billing', idOf(1), { data, reason, dryRun: true })
    expect(dry).toMatchObject({ outcome: 'would-replace', before: { data: { orderId: 'k' } }, after: { data } })
    expect(await count(on)).toEqual({ dead: 1, audit: 0 })
    expect((await on.letters.replace('billing', idOf(1), { data, reason })).eventId).toBe(dry.eventId)
  })

  test('masks that were left keep what they hide', async () => {
    const { letters, keep } = await desk()
    const cards = [
      { owner: 'ann', number: '1111' },
      { owner: 'bob', number: '2222' },
    ]
    await keep(letter(1, { record: order(1, { orderId: 'k', card: '42', cards }) }))
    const replace = (data: object): Promise<Replacement> =>
      letters.replace('billing', idOf(1), { data: { orderId: 'k', ...data }, reason, dryRun: true })
    const masked = cards.map(({ owner }) => ({ owner, number: '***' }))
    expect((await replace({ card: '***', cards: masked, total: 1 })).after.data).toEqual({
      orderId: 'k',
      card: '42',
      cards,
      total: 1,
    })
    expect((await replace({ card: '43', cards: [{ owner: 'eve', number: '***' }, masked[1]] })).after.data).toEqual({
      ...{ orderId: 'k', card: '43', cards: [{ owner: 'eve', number: '1111' }, cards[1]] },
    })
    // Whose number is it? Taken away, moved, added.
    for (const moved of [[masked[1]], masked.toReversed(), [...masked, { owner: 'eve', number: '***' }]]) {
      await expect(replace({ cards: moved })).rejects.toMatchObject({
        field: 'data',
        message: expect.stringContaining('cards.number'),
      })
    }
  })
})

describe('is refused, with nothing written', () => {
  test.each<[string, unknown, object]>([
    ['a payload that its schema refuses', { orderId: 'k', total: 'five' }, { code: 'VLX_EVENT_INVALID' }],
    ['a payload with another key', { orderId: 'other' }, { field: 'data', message: /"other" in place of "k"/ }],
    ['a payload that is as it was', { orderId: 'k' }, { field: 'data', message: /nothing is changed/ }],
    ['a payload that is too large', { orderId: 'k', card: 'x'.repeat(100_000) }, { code: 'VLX_EVENT_TOO_LARGE' }],
    ['a mask where nothing was', { orderId: 'k', card: '***' }, { field: 'data' }],
  ])('%s', async (_, data, error) => {
    const on = await desk()
    await on.keep(letter(1, { record: order(1, { orderId: 'k' }) }))
    await expect(on.letters.replace('billing', idOf(1), { data, reason })).rejects.toMatchObject(
      Object.fromEntries(
        Object.entries(error).map(([name, value]) => [
          name,
          value instanceof RegExp ? expect.stringMatching(value) : value,
        ]),
      ),
    )
    expect(await count(on)).toEqual({ dead: 1, audit: 0 })
  })

  test('a letter that is gone, that runs, that is no event; and a call without a reason', async () => {
    const on = await desk()
    const foreign = { ...order(2, {}), headers: headersOf([]) }
    await on.keep(letter(1, { record: order(1, { orderId: 'k' }) }), letter(2, { record: foreign, key: 'b' }))
    const data = { orderId: 'k', total: 1 }
    const replace = (id: string, why = reason): Promise<Replacement> =>
      on.letters.replace('billing', id, { data, reason: why })
    await expect(replace(idOf(9))).rejects.toMatchObject({ code: 'VLX_DEAD_LETTER_UNKNOWN' })
    await expect(replace(idOf(2))).rejects.toMatchObject({ field: 'id', message: expect.stringContaining('no event') })
    await expect(replace(idOf(1), ' ')).rejects.toMatchObject({ field: 'reason' })
    await on.say('redrive-requested', [1])
    await expect(replace(idOf(1))).rejects.toMatchObject({
      field: 'id',
      message: expect.stringContaining('being redriven'),
    })
    expect(await count(on)).toEqual({ dead: 2, audit: 1 })
  })
})

describe('interrupted', () => {
  const data = { orderId: 'k', total: 1 }

  test('between its two steps: the letter is there, and the same call again only asks for it', async () => {
    let broken = true
    const on: Awaited<ReturnType<typeof desk>> = await desk((log) =>
      appending(log, (records) => {
        if (broken && records[0]!.topic.endsWith('.audit')) return Promise.reject(new Error('the process dies here'))
        return log.append(records)
      }),
    )
    await on.keep(letter(1, { record: order(1, { orderId: 'k' }) }))
    await expect(on.letters.replace('billing', idOf(1), { data, reason })).rejects.toThrow('the process dies here')
    expect(await count(on)).toEqual({ dead: 2, audit: 0 })
    const [between] = (await on.sound.list('billing')).letters
    expect(between).toMatchObject({ id: idOf(1), status: 'dead', replacedFrom: 0 })
    broken = false
    expect(await on.letters.replace('billing', idOf(1), { data, reason })).toMatchObject({ outcome: 'requested' })
    expect(await count(on)).toEqual({ dead: 2, audit: 2 })
    expect(await on.sound.replace('billing', idOf(1), { data, reason })).toMatchObject({ outcome: 'already-redriving' })
    expect(await count(on)).toEqual({ dead: 2, audit: 2 })
  })

  test('by somebody who discards the letter meanwhile: it stays discarded, and that is said', async () => {
    const on: Awaited<ReturnType<typeof desk>> = await desk((log) =>
      appending(log, async (records) => {
        if (records[0]!.topic.endsWith('.dead')) await on.sound.discard('billing', { all: true }, { reason: 'mine' })
        return log.append(records)
      }),
    )
    await on.keep(letter(1, { record: order(1, { orderId: 'k' }) }))
    await expect(on.letters.replace('billing', idOf(1), { data, reason })).rejects.toMatchObject({
      code: 'VLX_DEAD_LETTER_UNKNOWN',
      message: expect.stringContaining('before its replacement was stored'),
    })
    expect(await on.sound.list('billing')).toEqual({ letters: [], total: 0 })
    expect(await on.letters.audit('billing')).toMatchObject([{ action: 'discarded' }])
  })
})

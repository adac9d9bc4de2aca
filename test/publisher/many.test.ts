/** publishMany: an outcome for each, bounded memory, the event loop kept free. @module */
import { describe, expect, test } from 'vitest'
import type { PublishOutcome } from '../../src/config/index.ts'
import { EventInvalid, EventUnknownType } from '../../src/event/index.ts'
import { Publisher } from '../../src/publisher/index.ts'
import { VirtualClock } from '../../src/testing/clock.ts'
import { RecordTooLarge } from '../../src/transport/index.ts'
import { idOf, ScriptedLog } from '../support/scripted-log.ts'
import { checkout } from './checkout.ts'

async function runMany(
  clock: VirtualClock,
  promise: Promise<readonly PublishOutcome[]>,
  each: () => void = () => {},
): Promise<readonly PublishOutcome[]> {
  let done = false
  void promise.finally(() => (done = true))
  await clock.runUntil(() => {
    each()
    return done
  })
  return promise
}

describe('publishMany', () => {
  test('has an outcome for each at its index; bad events do not hurt the others', async () => {
    const clock = new VirtualClock()
    const refuse = { error: new RecordTooLarge(9, 8, 'max'), when: () => false }
    const log = new ScriptedLog(clock, () => ({ refuse }))
    const publisher = new Publisher({ config: checkout(), log, clock })
    const throwing = { get type(): never { throw new Error('boom') }, data: 1 } // prettier-ignore
    const items = [
      { type: 'order.placed', data: { key: 'a' }, id: 'mine' },
      { type: 'order.plced', data: {}, id: 'bad' },
      { type: 'order.placed', data: { key: '' } },
      null,
      7,
      throwing,
      { type: 'check.slow', data: { key: 'a', turns: 3 } },
      { type: 'check.slow', data: { key: 'a', turns: 13 } },
      { type: 'order.placed', data: { key: 'a', big: 1n } },
      { type: 'order.placed', data: { key: 'b' }, lane: 'bulk' },
      { type: 'order.placed', data: { key: 'c' }, signal: new AbortController().signal },
    ]
    const outcomes = await runMany(clock, publisher.publishMany(items as never))
    const oks = outcomes.map(({ ok }) => ok)
    expect(oks).toEqual([true, false, false, false, false, false, true, false, false, true, false])
    expect(outcomes[0]).toMatchObject({ id: 'mine', topic: 'checkout.orders.standard', offset: 0, duplicate: false })
    expect(outcomes[1]).toMatchObject({ id: 'bad', error: expect.any(EventUnknownType) as Error })
    expect(outcomes[3]).toMatchObject({ error: expect.any(EventInvalid) as Error })
    expect(outcomes[5]).toMatchObject({ error: { message: 'boom' } })
    expect(outcomes[9]).toMatchObject({ topic: 'checkout.orders.bulk' })
    expect(outcomes[10]).toMatchObject({ error: { message: expect.stringContaining('signal: is not an option') } })
    expect(log.records).toHaveLength(3)
  })

  test('of none has none; of no list is an error', async () => {
    const clock = new VirtualClock()
    const publisher = new Publisher({ config: checkout(), log: new ScriptedLog(clock), clock })
    expect(await publisher.publishMany([])).toEqual([])
    await expect(publisher.publishMany({} as never)).rejects.toThrow('takes a list')
  })

  test('encodes no more than a window ahead, whatever the limits', async () => {
    const clock = new VirtualClock({ turns: 0 })
    const log = new ScriptedLog(clock)
    const publisher = new Publisher({ config: checkout({ maxBatchEvents: 50 }), log, clock })
    let encoded = 0
    const items = Array.from({ length: 5000 }, (_, n) => ({
      type: 'order.urgent',
      data: { key: `k${n % 7}`, n, toJSON: () => (encoded++, { n }) },
    }))
    let most = 0
    const outcomes = await runMany(clock, publisher.publishMany(items), () => {
      most = Math.max(most, publisher.pending.events)
      // toJSON is called once to check and once to write.
      expect(encoded / 2 - log.records.length).toBeLessThanOrEqual(151)
    })
    expect(most).toBeLessThanOrEqual(150)
    expect(outcomes.every(({ ok }) => ok)).toBe(true)
    expect(log.records.map((record) => JSON.parse(Buffer.from(record.value!).toString()).n)).toEqual(
      items.map((_, n) => n),
    )
  })

  test('paces itself also where publish rejects, and shares the room', async () => {
    const clock = new VirtualClock({ turns: 0 })
    const log = new ScriptedLog(clock)
    const publisher = new Publisher({ config: checkout({ maxPendingEvents: 10, whenFull: 'reject' }), log, clock })
    const items = Array.from({ length: 200 }, () => ({ type: 'order.placed', data: { key: 'a' } }))
    const [one, two] = [publisher.publishMany(items), publisher.publishMany(items)]
    const outcomes = [...(await runMany(clock, one)), ...(await runMany(clock, two))]
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(400)
    expect(new Set(log.records.map(idOf)).size).toBe(400)
  })

  test('lets others have the event loop', async () => {
    const clock = new VirtualClock({ turns: 0 })
    let yields = 0
    // Every look at the clock finds a millisecond gone.
    let spent = 0
    const busy = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + spent++ / 1000,
      setTimer: (delayMs: number, fire: () => void) => clock.setTimer(delayMs, fire),
      yield: () => (yields++, clock.yield()),
    }
    const busier = { ...busy, monotonic: () => clock.monotonic() + spent++ }
    const publisher = new Publisher({ config: checkout(), log: new ScriptedLog(clock), clock: busier })
    const items = Array.from({ length: 1000 }, () => ({ type: 'order.placed', data: { key: 'a' } }))
    const outcomes = await runMany(clock, publisher.publishMany(items))
    expect(outcomes.every(({ ok }) => ok)).toBe(true)
    expect(yields).toBeGreaterThan(20)
  })
})

/**
 * Partitions that stand still without a reason are named, restarted and counted; those with a reason are left alone.
 * @module
 */
import { expect, test } from 'vitest'
import type { Consumer, FetchedBatch, Log } from '../../src/transport/index.ts'
import { RetryAfter } from '../../src/worker/index.ts'
import { derived } from '../support/derived.ts'
import { eventRecord, listenTo, rawBench, type BenchOptions } from './raw-bench.ts'

const worker = { stallAfter: '10s' }

/** A log whose consumers fetch otherwise; `nth` counts memberships. */
function fetching(change: (fetch: Consumer['fetch'], nth: number) => Consumer['fetch']): BenchOptions['log'] {
  let memberships = 0
  return (log: Log) =>
    derived(log, {
      consume: async (options) => {
        const consumer = await log.consume(options)
        const nth = ++memberships
        const fetch = change(consumer.fetch.bind(consumer), nth)
        return derived(consumer, {
          fetch,
          commit: consumer.commit.bind(consumer),
          close: consumer.close.bind(consumer),
        })
      },
    })
}

const never = <T>(): Promise<T> => new Promise(() => {})

test('a fetch that never answers, nor listens to its signal, is given up and begun anew', async () => {
  let silent = true
  let late: ((batches: FetchedBatch[]) => void) | undefined
  const log = fetching((fetch) => (wanted, options) => {
    if (!silent) return fetch(wanted, options)
    return new Promise((resolve) => (late = resolve))
  })
  const on = await rawBench({ worker, log })
  const told = listenTo('veltrix:worker:stall')
  const seen: string[] = []
  const { worker: running } = await on.start((each) => each.handle('sub', 'step', ({ id }) => void seen.push(id)))
  await on.append(eventRecord('1'), eventRecord('2'))
  await on.clock.advance(9_000)
  expect(told).toEqual([])
  silent = false
  await on.committed(2)
  expect(seen).toEqual(['1', '2'])
  expect(told).toMatchObject([{ cause: 'fetch', action: 'fetch', partition: 0, offset: 0, lag: 2 }])
  expect(told[0]!.text).toMatch(
    /^app\.s\.only\/0 has not moved for \d+ s: its fetch brings nothing; read up to 0, 2 to go\. It is fetched anew\.$/,
  )
  expect(running.status()).toMatchObject([{ stalls: 1, stalled: [] }])
  let released = 0
  late!([
    { topic: 'app.s.only', partition: 0, records: [], nextOffset: 9, endOffset: 9, release: () => void released++ },
  ])
  await on.clock.advance(1)
  expect(released).toBe(1)
  expect(seen).toEqual(['1', '2'])
})

test('when that does not help, the group is left and joined again', async () => {
  const on = await rawBench({ worker, log: fetching((fetch, nth) => (nth === 1 ? never : fetch)) })
  const told = listenTo('veltrix:worker:stall')
  const changes = listenTo('veltrix:worker:partitions')
  const seen: string[] = []
  const { worker: running, stop } = await on.start((each) => each.handle('sub', 'step', ({ id }) => void seen.push(id)))
  await on.append(eventRecord('1'))
  await on.clock.advance(25_000)
  expect(running.status()).toMatchObject([{ stalls: 1, stalled: [{ partition: 0, cause: 'fetch' }] }])
  await on.committed(1)
  expect(seen).toEqual(['1'])
  expect(told.map(({ action }) => action)).toEqual(['fetch', 'rejoin'])
  expect(changes.map(({ change }) => change)).toEqual(['assigned', 'revoked', 'assigned'])
  expect(await stop()).toMatchObject({ drained: true })
})

test('fetches that are answered and bring nothing are a stall when there is something', async () => {
  const on = await rawBench({
    worker,
    log: fetching((fetch, nth) => async (wanted, options) => {
      if (nth > 1) return fetch(wanted, options)
      await new Promise<void>((resolve) => on.clock.setTimer(1_000, resolve))
      return []
    }),
  })
  const told = listenTo('veltrix:worker:stall')
  await on.start((each) => each.handle('sub', 'step', () => {}))
  await on.append(eventRecord('1'))
  await on.committed(1)
  expect(told.map(({ cause, action }) => `${cause} ${action}`)).toEqual(['fetch fetch', 'fetch rejoin'])
})

test('a commit without an answer: the group is joined again, and what waited for it goes on', async () => {
  let memberships = 0
  const on = await rawBench({
    worker,
    log: (log) =>
      derived(log, {
        consume: async (options) => {
          const consumer = await log.consume(options)
          const hangs = ++memberships === 1
          return derived(consumer, {
            commit: hangs ? never : consumer.commit.bind(consumer),
            fetch: consumer.fetch.bind(consumer),
            close: consumer.close.bind(consumer),
          })
        },
      }),
  })
  const told = listenTo('veltrix:worker:stall')
  const seen: string[] = []
  await on.start((each) => each.handle('sub', 'step', ({ id }) => void seen.push(id)))
  await on.append(eventRecord('1'))
  await on.committed(1)
  expect(seen).toEqual(['1'])
  expect(told.map(({ cause, action }) => `${cause} ${action}`)).toEqual(['commit rejoin'])
})

test('a handler that does not return is named once, and nothing is restarted for it', async () => {
  const on = await rawBench({ worker, subscription: { timeout: '1s' } })
  const told = listenTo('veltrix:worker:stall')
  const { worker: running } = await on.start((each) => each.handle('sub', 'step', never))
  await on.append(eventRecord('1', 'k1'))
  await on.clock.advance(60_000)
  expect(told).toMatchObject([{ cause: 'handler', action: 'none', lag: 1 }])
  expect(told[0]!.text).toContain('a handler does not return (step, key k1, offset 0)')
  expect(running.status()).toMatchObject([{ stalls: 1, stalled: [{ cause: 'handler' }] }])
})

test.each([
  ['a handler within its time-out', { timeout: '1h' }, (): Promise<void> => never()],
  ['a key that waits for its next attempt', {}, tryLater],
  ['an outage', { breaker: { minKeys: 1, probe: '1h..1h' }, retry: { attempts: 5 } }, fail],
])('%s is a reason', async (_, subscription, handler) => {
  const on = await rawBench({ worker, subscription })
  const told = listenTo('veltrix:worker:stall')
  await on.start((each) => each.handle('sub', 'step', handler))
  await on.append(eventRecord('1'), eventRecord('2'))
  await on.clock.advance(120_000)
  expect(told).toEqual([])
})

test('a pause, memory that others hold, and nothing to do are reasons', async () => {
  const on = await rawBench({ worker, subscription: { timeout: '1h' } })
  const told = listenTo('veltrix:worker:stall')
  const { worker: running } = await on.start((each) => each.handle('sub', 'step', () => {}))
  await on.clock.advance(60_000)
  running.pause('sub')
  await on.append(eventRecord('1'))
  await on.clock.advance(60_000)
  expect(told).toEqual([])
  running.resume('sub')
  await on.committed(1)
  expect(running.status()).toMatchObject([{ stalls: 0, stalled: [] }])
})

async function tryLater(): Promise<void> {
  await Promise.resolve()
  throw new RetryAfter(3_600_000)
}

async function fail(): Promise<void> {
  await Promise.resolve()
  throw new Error('planted')
}

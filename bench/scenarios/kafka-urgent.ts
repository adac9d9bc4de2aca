/**
 * Kafka: how long a critical event waits while a million bulk events are being worked off, with lanes and without.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import { CriticalTraffic } from '../critical-traffic.ts'
import { fillBulk, lanesApp } from '../kafka/lanes-app.ts'
import { countOf } from '../kafka/topics.ts'
import { sized, type Round, type Scenario } from '../scenario.ts'
import { median, percentile } from '../statistics.ts'

const bulkHandlerMs = 5
const backlog = 1_000_000
const turns = 3

export default {
  name: 'kafka-urgent',
  title: 'critical p99 with 1,000,000 bulk events waiting ÷ unloaded',
  unit: '×',
  goal: { atMost: 1.5 },
  how: 'publish call → handler start, 500 critical events a second; 1,000,000 bulk events wait and are drained with handlers of 5 ms on the same 64 slots; unloaded: the same process with the bulk lane paused; in turns, medians; beside it, in the first round, what 500 such events wait when both kinds share one topic',
  prepare: async (round) => fillBulk(round.brokers, sized(round, backlog)),
  async measure(round) {
    // The events of the one topic come behind the backlog, and no later round gets so far.
    const oneTopic = round.number === 1 ? await withoutLanes(round) : undefined
    const { unloaded, loaded, bulkRate } = await withLanes(round)
    return {
      value: median(loaded) / median(unloaded),
      parts: {
        'unloaded p99, ms': median(unloaded),
        'loaded p99, ms': median(loaded),
        'bulk events/s': bulkRate,
        ...(oneTopic === undefined ? {} : { 'one topic without lanes, median wait, ms': oneTopic }),
      },
    }
  },
} satisfies Scenario

async function withLanes(round: Round) {
  const subscription = `taker-${round.number}`
  const app = lanesApp(round.brokers, subscription)
  const traffic = new CriticalTraffic((data, id) => app.publish('thing.needed', data, { id }))
  let bulk = 0
  app
    .handle(subscription, 'thing.needed', async ({ id }) => traffic.handled(id))
    .handle(subscription, 'thing.exported', async () => {
      await wait(bulkHandlerMs)
      bulk++
    })
  await app.start()
  const unloaded: number[] = []
  const loaded: number[] = []
  let drained = 0
  let loadedMs = 0
  for (let turn = 0; turn < turns; turn++) {
    app.pause(subscription, { lane: 'bulk' })
    unloaded.push(await traffic.p99Ms(sized(round, 2000)))
    app.resume(subscription, { lane: 'bulk' })
    const [since, before] = [performance.now(), bulk]
    loaded.push(await traffic.p99Ms(sized(round, 2000)))
    loadedMs += performance.now() - since
    drained += bulk - before
  }
  await app.stop({ drainTimeoutMs: 1000 })
  // Otherwise the backlog ended, and nothing was loaded.
  if (bulk >= sized(round, backlog)) throw new Error(`All ${bulk} bulk events were handled: there was no backlog.`)
  return { unloaded, loaded, bulkRate: drained / (loadedMs / 1000) }
}

/** Median wait of critical events that stand behind the backlog, milliseconds. */
async function withoutLanes(round: Round): Promise<number> {
  const subscription = 'one-topic'
  const app = lanesApp(round.brokers, subscription, 'bulk')
  const waited: number[] = []
  const publishedAt = new Map<string, number>()
  const critical = 500
  const all = Promise.withResolvers<void>()
  app
    .handle(subscription, 'thing.needed', async ({ id }) => {
      waited.push(performance.now() - publishedAt.get(id)!)
      if (waited.length === critical) all.resolve()
    })
    .handle(subscription, 'thing.exported', () => wait(bulkHandlerMs))
  const before = await countOf(round.brokers, 'urgent.things.bulk')
  if (before < sized(round, backlog)) throw new Error(`Only ${before} bulk events wait.`)
  await app.start()
  for (let sent = 0; sent < critical; sent++) {
    const id = `one-${sent}`
    publishedAt.set(id, performance.now())
    await app.publish('thing.needed', { key: `k${String(sent).padStart(5, '0')}`, pad: 'x' }, { id })
  }
  await all.promise
  await app.stop()
  return percentile(waited, 0.5)
}

/**
 * One partition, many keys: order by key without waiting in line.
 * @module
 */
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { defineVeltrix, event, veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { allStored, Countdown } from '../finish.ts'
import { items, schema } from '../payload.ts'
import { sized, type Scenario } from '../scenario.ts'

const handlerMs = 10

export default {
  name: 'keyed-concurrency',
  title: '10 ms handlers, one partition, 1,000 keys, concurrency 100 ÷ serial',
  unit: '×',
  goal: { atLeast: 90 },
  how: 'rate of 20,000 events with concurrency 100 ÷ rate of 300 events with concurrency 1, from the first handler to the last; the handler waits for a timer of 10 ms',
  async measure(round) {
    const hundred = await rate(join(round.directory, 'hundred'), 100, sized(round, 20_000))
    const serial = await rate(join(round.directory, 'serial'), 1, sized(round, 300))
    return {
      value: hundred / serial,
      parts: { 'concurrency 100, events/s': hundred, 'serial, events/s': serial },
    }
  },
} satisfies Scenario

/** Events per second. */
async function rate(directory: string, concurrency: number, events: number): Promise<number> {
  const config = defineVeltrix({
    app: 'bench',
    streams: { things: { key: 'key', partitions: 1, events: { 'thing.done': event(schema) } } },
    subscriptions: { taker: { events: ['thing.done'], concurrency } },
    transport: embedded({ directory }),
  })
  const countdown = new Countdown(events)
  let startedAt = 0
  const app = veltrix(config).handle('taker', 'thing.done', async () => {
    startedAt ||= performance.now()
    await wait(handlerMs)
    countdown.tell()
  })
  allStored(await app.publishMany(items('thing.done', events)))
  await app.start()
  await countdown.reached
  const tookMs = performance.now() - startedAt
  await app.stop()
  return events / (tookMs / 1000)
}

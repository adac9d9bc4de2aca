/**
 * How long a critical event waits while a million bulk events are being worked off.
 * @module
 */
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fillBulk, lanesApp } from '../lanes-app.ts'
import { payload } from '../payload.ts'
import { sized, type Scenario } from '../scenario.ts'
import { median, percentile } from '../statistics.ts'

const bulkHandlerMs = 5
/** Between two critical events. */
const everyMs = 2
const turns = 4

export default {
  name: 'urgent-first',
  title: 'critical p99 with 1,000,000 bulk events waiting ÷ unloaded',
  unit: '×',
  goal: { atMost: 1.5 },
  how: 'publish call → handler start, 500 critical events a second; 1,000,000 bulk events wait and are drained with handlers of 5 ms on the same 64 slots; unloaded: the same process with the bulk lane paused; in turns, medians',
  async measure(round) {
    const publishedAt = new Map<string, number>()
    let latencies: number[] = []
    let bulk = 0
    const app = lanesApp(join(round.directory, 'log'))
      .handle('taker', 'thing.needed', async ({ id }) => {
        latencies.push(performance.now() - publishedAt.get(id)!)
        publishedAt.delete(id)
      })
      .handle('taker', 'thing.exported', async () => {
        await wait(bulkHandlerMs)
        bulk++
      })
    await fillBulk(app, sized(round, 1_000_000))
    await app.start()
    const measure = async (): Promise<number> => {
      await criticalTraffic(app, publishedAt, 500)
      latencies = []
      await criticalTraffic(app, publishedAt, sized(round, 4000))
      return percentile(latencies, 0.99)
    }
    const unloaded: number[] = []
    const loaded: number[] = []
    const drained = bulk
    let loadedMs = 0
    for (let turn = 0; turn < turns; turn++) {
      app.pause('taker', { lane: 'bulk' })
      unloaded.push(await measure())
      app.resume('taker', { lane: 'bulk' })
      const since = performance.now()
      loaded.push(await measure())
      loadedMs += performance.now() - since
    }
    const bulkRate = (bulk - drained) / (loadedMs / 1000)
    await app.stop({ drainTimeoutMs: 1000 })
    const parts = { 'unloaded p99, ms': median(unloaded), 'loaded p99, ms': median(loaded), 'bulk events/s': bulkRate }
    return { value: median(loaded) / median(unloaded), parts }
  },
} satisfies Scenario

/** Publishes at an even pace, whatever the answers do; resolves when all are durable and handled. */
async function criticalTraffic(
  app: ReturnType<typeof lanesApp>,
  publishedAt: Map<string, number>,
  count: number,
): Promise<void> {
  const startedAt = performance.now()
  const answers: Promise<unknown>[] = []
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, Math.floor((performance.now() - startedAt) / everyMs))
    for (; sent < due; sent++) {
      const id = `c-${startedAt}-${sent}`
      publishedAt.set(id, performance.now())
      answers.push(app.publish('thing.needed', payload(sent % 1000), { id }))
    }
    await wait(1)
  }
  await Promise.all(answers)
  while (publishedAt.size > 0) await wait(5)
}

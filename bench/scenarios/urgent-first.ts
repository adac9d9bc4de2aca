/**
 * How long a critical event waits while a million bulk events are being worked off.
 * @module
 */
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { CriticalTraffic } from '../critical-traffic.ts'
import { fillBulk, lanesApp } from '../lanes-app.ts'
import { sized, type Scenario } from '../scenario.ts'
import { median } from '../statistics.ts'

const bulkHandlerMs = 5
const turns = 4

export default {
  name: 'urgent-first',
  title: 'critical p99 with 1,000,000 bulk events waiting ÷ unloaded',
  unit: '×',
  goal: { atMost: 1.5 },
  how: 'publish call → handler start, 500 critical events a second; 1,000,000 bulk events wait and are drained with handlers of 5 ms on the same 64 slots; unloaded: the same process with the bulk lane paused; in turns, medians',
  async measure(round) {
    let bulk = 0
    const app = lanesApp(join(round.directory, 'log'))
    const traffic = new CriticalTraffic((data, id) => app.publish('thing.needed', data, { id }))
    app
      .handle('taker', 'thing.needed', async ({ id }) => traffic.handled(id))
      .handle('taker', 'thing.exported', async () => {
        await wait(bulkHandlerMs)
        bulk++
      })
    await fillBulk(app, sized(round, 1_000_000))
    await app.start()
    const measure = (): Promise<number> => traffic.p99Ms(sized(round, 4000))
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

/**
 * What one who looks costs: the same steady load with a dashboard and a viewer of all it has live, and without, in turns.
 * @module
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createDashboard } from '../../src/dashboard/index.ts'
import { Countdown } from '../finish.ts'
import { items } from '../payload.ts'
import { type Scenario } from '../scenario.ts'
import { median } from '../statistics.ts'
import { streamApp } from '../stream-app.ts'

/** Takes both streams on a thread of its own, as the page does. */
const viewer = `
  const { workerData: { url, token }, parentPort } = require('node:worker_threads')
  const headers = { authorization: 'Bearer ' + token }
  let bytes = 0
  for (const path of ['/api/live', '/api/tail?last=100']) {
    fetch(url + path, { headers }).then(async ({ body }) => {
      for await (const chunk of body) bytes += chunk.length
    }).catch(() => undefined)
  }
  parentPort.on('message', () => parentPort.postMessage(bytes))
`

const perBurst = 1_000
const burstEveryMs = 100
const turns = 3

export default {
  name: 'dashboard-viewer',
  title: 'the dashboard with one viewer',
  unit: '% of a core',
  goal: { atMost: 5 },
  how: 'a steady 10,000 events/s of 1 KiB, published and handled; CPU of the main thread in 5 s with a dashboard whose live numbers and unfiltered tail one viewer takes (on a thread of its own), less that in 5 s with neither; the median of 3 pairs',
  async measure(round) {
    let countdown = new Countdown(Infinity)
    const app = streamApp(join(round.directory, 'log')).handle('taker', 'thing.done', async () => countdown.tell())
    await app.start()
    const bursts = round.quick ? 10 : 50
    const burst = items('thing.done', perBurst)
    /** Main thread, percent of a core. */
    const run = async (): Promise<number> => {
      countdown = new Countdown(bursts * perBurst)
      const startedAt = performance.now()
      const cpu = process.threadCpuUsage()
      for (let nth = 0; nth < bursts; nth++) {
        await app.publishMany(burst)
        await sleep(Math.max(0, startedAt + (nth + 1) * burstEveryMs - performance.now()))
      }
      await countdown.reached
      const { user, system } = process.threadCpuUsage(cpu)
      return (user + system) / 10 / (performance.now() - startedAt)
    }
    let bytes = 0
    const looked = async (): Promise<number> => {
      const dashboard = createDashboard(app, { port: 0 })
      const [url, token] = (await dashboard.start()).split('/#token=')
      const worker = new Worker(viewer, { eval: true, workerData: { url, token } })
      await sleep(1_000)
      const used = await run()
      bytes = await new Promise<number>((resolve) => {
        worker.once('message', resolve)
        worker.postMessage('bytes')
      })
      await worker.terminate()
      await dashboard.close()
      return used
    }
    await run()
    await looked()
    const pairs: { on: number; off: number }[] = []
    for (let turn = 0; turn < turns; turn++) {
      // Neither side is always the first of a pair.
      const first = turn % 2 === 0 ? await run() : await looked()
      const second = turn % 2 === 0 ? await looked() : await run()
      pairs.push(turn % 2 === 0 ? { off: first, on: second } : { on: first, off: second })
    }
    await app.stop()
    return {
      value: median(pairs.map(({ on, off }) => on - off)),
      parts: {
        'with it, main thread, %': median(pairs.map(({ on }) => on)),
        'without, main thread, %': median(pairs.map(({ off }) => off)),
        'sent in the last turn, KiB': bytes / 1024,
      },
    }
  },
} satisfies Scenario

/**
 * What measuring costs: the same application with everything on and with nothing, in turns.
 * @module
 */
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { telemetry } from '../../src/otel/index.ts'
import { allStored, Countdown } from '../finish.ts'
import { items } from '../payload.ts'
import { sized, type Scenario } from '../scenario.ts'
import { median, rateSince } from '../statistics.ts'
import { streamApp } from '../stream-app.ts'

/** Takes what is exported and throws it away, on a thread of its own. */
const sink = `
  const { createServer } = require('node:http')
  const { parentPort } = require('node:worker_threads')
  const server = createServer((request, response) => request.resume().on('end', () => response.end()))
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

const turns = 5

interface Turn {
  readonly rate: number
  /** Of the main thread, for an event. Microseconds. */
  readonly cpuUs: number
}

export default {
  name: 'telemetry-price',
  title: 'publish → handled, measured ÷ not measured',
  unit: '×',
  goal: { atLeast: 0.9 },
  how: 'as "publish → handled", 5 turns of 60,000 events each without and with veltrix/otel: OTLP every second to a receiver in the same process that throws it away, the page for Prometheus read every second; each pair of turns is compared, and the median of the pairs taken',
  async measure(round) {
    let countdown: Countdown
    const app = streamApp(join(round.directory, 'log')).handle('taker', 'thing.done', async () => countdown.tell())
    await app.start()
    const events = sized(round, 60_000)
    const run = async (count: number): Promise<Turn> => {
      const many = items('thing.done', count)
      countdown = new Countdown(count)
      const startedAt = performance.now()
      const cpu = process.threadCpuUsage()
      const [outcomes] = await Promise.all([app.publishMany(many), countdown.reached])
      const { user, system } = process.threadCpuUsage(cpu)
      allStored(outcomes)
      return { rate: rateSince(count, startedAt), cpuUs: (user + system) / count }
    }
    const receiver = new Worker(sink, { eval: true })
    const port = await new Promise((resolve) => void receiver.once('message', resolve))
    const measured = async (): Promise<Turn> => {
      const otlp = { endpoint: `http://127.0.0.1:${String(port)}`, intervalMs: 1_000 }
      const running = await telemetry(app, { otlp, prometheus: { port: 0 }, lookEveryMs: 1_000 })
      const scrape = setInterval(() => void fetch(running.metricsUrl!).then((page) => page.text()), 1_000)
      const turn = await run(events)
      clearInterval(scrape)
      await running.stop()
      return turn
    }
    await run(events)
    await measured()
    const pairs: { on: Turn; off: Turn }[] = []
    for (let turn = 0; turn < turns; turn++) {
      // Neither side is always the first of a pair.
      const first = turn % 2 === 0 ? await run(events) : await measured()
      const second = turn % 2 === 0 ? await measured() : await run(events)
      pairs.push(turn % 2 === 0 ? { off: first, on: second } : { on: first, off: second })
    }
    await app.stop()
    await receiver.terminate()
    return {
      value: median(pairs.map(({ on, off }) => on.rate / off.rate)),
      parts: {
        'measured, events/s': median(pairs.map(({ on }) => on.rate)),
        'not measured, events/s': median(pairs.map(({ off }) => off.rate)),
        'measured, main thread, µs/event': median(pairs.map(({ on }) => on.cpuUs)),
        'not measured, main thread, µs/event': median(pairs.map(({ off }) => off.cpuUs)),
      },
    }
  },
} satisfies Scenario

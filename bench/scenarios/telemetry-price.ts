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

const turns = 9
const tracedTurns = 3

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
  how: 'as "publish → handled", 9 turns of 30,000 events each without and with veltrix/otel: OTLP every second to a receiver in the same process that throws it away, the page for Prometheus read every second; each pair of turns is compared, and the median of the pairs taken; then 3 turns with traces too, which the goal is not about',
  async measure(round) {
    let countdown: Countdown
    const app = streamApp(join(round.directory, 'log')).handle('taker', 'thing.done', async () => countdown.tell())
    await app.start()
    const events = sized(round, 30_000)
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
    const measured = async (traces?: { sampleRatio: number }): Promise<Turn> => {
      const otlp = { endpoint: `http://127.0.0.1:${String(port)}`, intervalMs: 1_000 }
      const running = await telemetry(app, { otlp, prometheus: { port: 0 }, ...(traces && { traces }) })
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
    const traced: { few: Turn; all: Turn }[] = []
    for (let turn = 0; turn < tracedTurns; turn++)
      traced.push({ few: await measured({ sampleRatio: 0.01 }), all: await measured({ sampleRatio: 1 }) })
    await app.stop()
    await receiver.terminate()
    return {
      value: median(pairs.map(({ on, off }) => on.rate / off.rate)),
      parts: {
        'measured, events/s': median(pairs.map(({ on }) => on.rate)),
        'not measured, events/s': median(pairs.map(({ off }) => off.rate)),
        'measured, main thread, µs/event': median(pairs.map(({ on }) => on.cpuUs)),
        'not measured, main thread, µs/event': median(pairs.map(({ off }) => off.cpuUs)),
        'one trace of a hundred too, main thread, µs/event': median(traced.map(({ few }) => few.cpuUs)),
        'every trace too, main thread, µs/event': median(traced.map(({ all }) => all.cpuUs)),
      },
    }
  },
} satisfies Scenario

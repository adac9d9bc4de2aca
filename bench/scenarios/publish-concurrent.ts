/**
 * Many callers of `publish` at once, each waiting for its answer before the next.
 * @module
 */
import { join } from 'node:path'
import { sqliteCeiling } from '../ceiling.ts'
import { payload } from '../payload.ts'
import { sized, type Scenario } from '../scenario.ts'
import { percentile, rateSince } from '../statistics.ts'
import { streamApp } from '../stream-app.ts'

const callers = 1000

export default {
  name: 'publish-concurrent',
  title: '1,000 concurrent `publish` callers, durable',
  unit: 'events/s',
  goal: { atLeast: 40_000 },
  how: '1,000 callers, each publishes its next event of 1 KiB when the last one is durable; 100,000 events',
  async measure(round) {
    const app = streamApp(join(round.directory, 'log'))
    await publishAll(app, sized(round, 30_000))
    const events = sized(round, 100_000)
    const ceiling = sqliteCeiling({ directory: round.directory, events, batchEvents: callers, rows: 12 })
    const startedAt = performance.now()
    const cpu = process.threadCpuUsage()
    const latencies = await publishAll(app, events)
    const value = rateSince(events, startedAt)
    const { user, system } = process.threadCpuUsage(cpu)
    await app.stop()
    const parts = { 'p99, ms': percentile(latencies, 0.99), 'main thread, µs/event': (user + system) / events }
    return { value, ceiling, parts }
  },
} satisfies Scenario

/** Publishes `events` in all; resolves to what each took, in milliseconds. */
async function publishAll(app: ReturnType<typeof streamApp>, events: number): Promise<number[]> {
  const latencies: number[] = []
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < events) {
      const data = payload(next++ % 1000)
      const calledAt = performance.now()
      await app.publish('thing.done', data)
      latencies.push(performance.now() - calledAt)
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return latencies
}

/**
 * From publish to handled, everything in one process.
 * @module
 */
import { join } from 'node:path'
import { sqliteCeiling } from '../ceiling.ts'
import { allStored, Countdown } from '../finish.ts'
import { items } from '../payload.ts'
import { sized, type Scenario } from '../scenario.ts'
import { rateSince } from '../statistics.ts'
import { streamApp } from '../stream-app.ts'

export default {
  name: 'publish-handled',
  title: 'publish → handled, empty handler',
  unit: 'events/s',
  goal: { atLeast: 50_000 },
  how: '200,000 events of 1 KiB published and handled at the same time by one process, from the first call to the last handler; the ceiling reads every row again',
  async measure(round) {
    let countdown: Countdown
    const app = streamApp(join(round.directory, 'log')).handle('taker', 'thing.done', async () => countdown.tell())
    await app.start()
    const run = async (count: number): Promise<void> => {
      const many = items('thing.done', count)
      countdown = new Countdown(count)
      const [outcomes] = await Promise.all([app.publishMany(many), countdown.reached])
      allStored(outcomes)
    }
    await run(sized(round, 40_000))
    const events = sized(round, 200_000)
    const ceiling = sqliteCeiling({
      directory: round.directory,
      events,
      batchEvents: 800,
      rows: 12,
      readBack: true,
    })
    const startedAt = performance.now()
    const cpu = process.threadCpuUsage()
    await run(events)
    const value = rateSince(events, startedAt)
    const { user, system } = process.threadCpuUsage(cpu)
    await app.stop()
    return { value, ceiling, parts: { 'main thread, µs/event': (user + system) / events } }
  },
} satisfies Scenario

/**
 * `publishMany`, durable.
 * @module
 */
import { join } from 'node:path'
import { sqliteCeiling } from '../ceiling.ts'
import { allStored } from '../finish.ts'
import { items } from '../payload.ts'
import { sized, type Scenario } from '../scenario.ts'
import { rateSince } from '../statistics.ts'
import { streamApp } from '../stream-app.ts'

export default {
  name: 'publish-many',
  title: '`publishMany`, durable',
  unit: 'events/s',
  goal: { atLeast: 100_000 },
  how: '100,000 events of 1 KiB in one call, 12 partitions, from the call to its outcomes',
  async measure(round) {
    const app = streamApp(join(round.directory, 'log'))
    allStored(await app.publishMany(items('thing.done', sized(round, 30_000))))
    const ceiling = sqliteCeiling({
      directory: round.directory,
      events: sized(round, 100_000),
      batchEvents: 800,
      rows: 12,
    })
    const many = items('thing.done', sized(round, 100_000))
    const startedAt = performance.now()
    const cpu = process.threadCpuUsage()
    allStored(await app.publishMany(many))
    const value = rateSince(many.length, startedAt)
    const { user, system } = process.threadCpuUsage(cpu)
    await app.stop()
    return { value, ceiling, parts: { 'main thread, µs/event': (user + system) / many.length } }
  },
} satisfies Scenario

/**
 * A member in a process of its own, which a test can stop: says what its listener hears, and how its commit ended.
 * @module
 */
import { once } from 'node:events'
import { systemClock } from '../../../src/clock.ts'
import { kafka } from '../../../src/transport/kafka/index.ts'

const [brokers, group, topic, groupProtocol] = process.argv.slice(2) as [string, string, string, 'consumer' | 'classic']
const log = await kafka({ brokers, heartbeatInterval: 200, groupProtocol }).open({
  clock: systemClock,
  clientId: 'child@here:1',
})
const consumer = await log.consume({
  group,
  topics: [topic],
  sessionTimeoutMs: 3_000,
  listener: {
    assigned: () => console.log('assigned'),
    revoked: async () => console.log('revoked'),
    lost: () => console.log('lost'),
    failed: (error) => console.log(`failed: ${error.message}`),
  },
})
await once(process.stdin, 'data')
const ended = await consumer
  .commit([{ topic, partition: 0, offset: 1, metadata: Buffer.from('of the stopped one') }])
  .then(() => 'stored')
  .catch((error: { code: string }) => error.code)
console.log(ended)

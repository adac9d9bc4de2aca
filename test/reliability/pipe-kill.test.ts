/** kill -9 of a pipe in a loop: what it publishes is in the log once for every event. @module */
import { test } from 'vitest'
import { seeded } from '../conformance/harness.ts'
import { missingKafka } from '../support/kafka-cluster.ts'
import { sharedKafka } from '../support/kafka-shared.ts'
import { requirePart } from '../support/parts.ts'
import { freshDirectory } from '../transport/embedded/directory.ts'
import { killPipe } from './pipe.ts'

const random = seeded(Number(process.env['VELTRIX_SEED'] ?? 20_261_125))

test('10 times kill -9 on the embedded log: nothing lost, nothing twice', { timeout: 120_000 }, () =>
  killPipe('pipe', 'embedded', freshDirectory(), { events: 3_000, kills: 10, random }),
)

test('3 times kill -9 on Kafka: nothing lost, nothing twice', { timeout: 240_000 }, async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const brokers = await sharedKafka()
  await killPipe(`pipe-${process.pid}`, 'kafka', brokers.join(','), { events: 1_500, kills: 3, random })
})

/**
 * What a person reads when a cluster cannot do what is asked: the thing, the limit with its name, and the way out; at the command line with
 * the right exit code.
 * @module
 */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { kafka, type KafkaOptions } from '../../../src/transport/kafka/index.ts'
import type { Log } from '../../../src/transport/index.ts'
import { fakeShell, veltrix } from '../../cli/fake-shell.ts'
import { testProject, typedFile } from '../../cli/project.ts'
import { record } from '../../conformance/harness.ts'
import { missingKafka } from '../../support/kafka-cluster.ts'
import { sharedKafka } from '../../support/kafka-shared.ts'
import { requirePart } from '../../support/parts.ts'

const keep = { retentionMs: Infinity, retentionBytes: Infinity }
let brokers: string[]

beforeEach(async ({ skip }) => {
  await requirePart({ skip }, 'Kafka', missingKafka)
  brokers = await sharedKafka()
}, 180_000)

let names = 0
const fresh = (): string => `unclear-${process.pid}-${++names}`

async function opened(options: Partial<KafkaOptions> = {}): Promise<Log> {
  const log = await kafka({ brokers, ...options }).open({ clock: systemClock, clientId: 'unclear@here:1' })
  onTestFinished(() => log.close())
  return log
}

test('more copies than brokers', { timeout: 60_000 }, async () => {
  const log = await opened({ replicationFactor: 5 })
  await expect(log.admin.createTopics([{ name: fresh(), partitions: 1, ...keep }])).rejects.toMatchObject({
    code: 'VLX_LOG_UNWRITABLE',
    message: expect.stringMatching(/[Rr]eplication factor.* 5.*fewer copies with kafka\(\{ replicationFactor \}\)/),
  })
})

test('a topic that is not there, and a record above the limit of this client', { timeout: 60_000 }, async () => {
  const log = await opened({ maxRecordBytes: 1_000 })
  const topic = fresh()
  const from = { topic, partition: 0, offset: 0, maxBytes: 1, maxWaitMs: 0 }
  await expect(log.read(from)).rejects.toMatchObject({ code: 'VLX_TOPIC_UNKNOWN', topic })
  const [outcome] = await log.append([record(topic, 0, new Uint8Array(1_001))])
  expect(outcome).toMatchObject({
    error: {
      ...{ code: 'VLX_RECORD_TOO_LARGE', bytes: 1_001, limitBytes: 1_000 },
      message: expect.stringMatching(/kafka\(\{ maxRecordBytes \}\) \(the topic's max\.message\.bytes\) allows 1000/),
    },
  })
})

describe('at the command line', () => {
  const cases = {
    'no broker': [`kafka({ brokers: '127.0.0.1:1' })`, 'VLX_LOG_UNAVAILABLE', 'nothing listens there'],
    'TLS where there is none': [
      `kafka({ brokers, ssl: true })`,
      'VLX_LOG_UNAVAILABLE',
      'does not speak TLS on this port',
    ],
    'a password where none is asked for': [
      `kafka({ brokers, sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' } })`,
      'VLX_NOT_AUTHENTICATED',
      'takes no SASL on this port',
    ],
  }
  for (const [name, [transport, code, message]] of Object.entries(cases)) {
    test(`${name}: exit code 4, and words`, { timeout: 60_000 }, async () => {
      const project = await testProject()
      onTestFinished(() => project.remove())
      const door = new URL('../../../src/transport/kafka/index.ts', import.meta.url).href
      const text = typedFile(project.directory)
        .replace(/transport: embedded\(.*\),/, `transport: ${transport},`)
        .replace(
          'export default',
          `import { kafka } from '${door}'\nconst brokers = ${JSON.stringify(brokers)}\nexport default`,
        )
      await project.write('veltrix.config.ts', text)
      const shell = () => fakeShell({ cwd: project.directory })
      const data = ['publish', 'order.placed', '--data', '{"orderId":"o-1"}']
      const plain = await veltrix(data, shell())
      expect([plain.code, plain.err]).toEqual([4, expect.stringContaining(message!)])
      const doctor = await veltrix(['doctor'], shell())
      expect(doctor.code).not.toBe(0)
      // The lines are broken to fit the screen.
      expect((doctor.out + doctor.err).replace(/\s+/g, ' ')).toContain(message)
      expect(`${plain.err}${doctor.out}${doctor.err}`).toContain(code)
    })
  }
})

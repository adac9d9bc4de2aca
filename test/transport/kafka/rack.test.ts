/**
 * A client that says where it runs reads from the copy in the same rack, and from the leader when that copy is gone.
 * @module
 */
import { connectionsApiChannel, type Connection } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { kafka } from '../../../src/transport/kafka/index.ts'
import { record, stored, text } from '../../conformance/harness.ts'
import { Member } from '../../conformance/member.ts'
import { KafkaCluster, missingKafka } from '../../support/kafka-cluster.ts'
import { requirePart } from '../../support/parts.ts'

const keep = { retentionMs: Infinity, retentionBytes: Infinity }
const partitions = [0, 1, 2]
let cluster: KafkaCluster | undefined

beforeAll(async () => {
  if ((await missingKafka()) !== undefined) return
  cluster = await KafkaCluster.start({
    properties: ({ id }) => ({
      'broker.rack': `rack-${id}`,
      'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
    }),
  })
}, 180_000)

afterAll(() => cluster?.stop(), 60_000)

/** Ports that fetch requests of this process went to, since `clear()`. */
function watchFetches(): Set<number> {
  const fetch = 1
  const ports = new Set<number>()
  const subscriber = (message: unknown): void => {
    const { apiKey, connection } = message as { apiKey?: number; connection: Connection }
    if (apiKey === fetch) ports.add(connection.port!)
  }
  connectionsApiChannel.start.subscribe(subscriber)
  onTestFinished(() => connectionsApiChannel.start.unsubscribe(subscriber))
  return ports
}

test(
  'reads come from the copy in the same rack, and from the leaders once it is dead',
  { timeout: 120_000 },
  async (context) => {
    await requirePart(context, 'Kafka', missingKafka)
    const log = await kafka({ brokers: cluster!.brokers, heartbeatInterval: 200, rack: 'rack-2' }).open({
      clock: systemClock,
      clientId: 'rack@here:1',
    })
    onTestFinished(() => log.close())
    await log.admin.createTopics([{ name: 'racked', partitions: partitions.length, ...keep }])
    const ports = watchFetches()
    const member = await (await Member.join(log, 'group', ['racked'], { sessionTimeoutMs: 30_000 })).holding(3)
    const offsets = partitions.map(() => 0)
    const round = async (value: string): Promise<void> => {
      await stored(
        log,
        partitions.map((partition) => record('racked', partition, value)),
      )
      for (const partition of partitions) {
        const got: string[] = []
        while (got.length === 0) {
          const [batch] = await member.fetch('racked', partition, { offset: offsets[partition]! })
          got.push(...(batch?.records ?? []).map((each) => text(each.value)!))
          offsets[partition] = batch?.nextOffset ?? offsets[partition]!
        }
        expect(got).toEqual([value])
        await member.commit('racked', partition, offsets[partition]!)
      }
    }
    const portOf = (id: number): number => cluster!.nodes[id - 1]!.port
    await round('first')
    // Leaders were asked first, and named the copy.
    expect([...ports].sort()).toEqual(cluster!.nodes.map(({ port }) => port).sort())
    ports.clear()
    for (let nth = 0; nth < 5; nth++) await round(`${nth}`)
    expect([...ports]).toEqual([portOf(2)])
    ports.clear()
    await cluster!.kill(2)
    for (let nth = 5; nth < 10; nth++) await round(`${nth}`)
    ports.delete(portOf(2))
    expect([...ports].sort()).toEqual([portOf(1), portOf(3)].sort())
    expect(member.history.map(({ what }) => what)).toEqual(['assigned', 'assigned', 'assigned'])
  },
)

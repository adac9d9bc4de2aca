/**
 * What brokers say of themselves: their settings, and how much of a topic lies on their disks. Who may not ask learns nothing; that is no
 * error, since a plan can be made without.
 * @module
 */
import { answerOf } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import { code } from './error-codes.ts'

const ofBroker = 4

/** By name, then by broker; empty when they may not be read. */
export async function brokerSettings(cluster: Cluster): Promise<ReadonlyMap<string, ReadonlyMap<number, string>>> {
  const settings = new Map<string, Map<number, string>>()
  const answers = cluster.brokers.map(async (broker) => {
    const resource = { resourceType: ofBroker, resourceName: `${broker.nodeId}`, configurationKeys: null } as const
    const answer = await cluster.ask(broker, 'read settings of brokers', (connection) =>
      answerOf(cluster.client.describeConfigsV4.api.async(connection, [resource], false, false)),
    )
    const [result] = answer.results
    if (result === undefined || result.errorCode !== code.none) return
    for (const { name, value } of result.configs) {
      if (value == null) continue
      const byBroker = settings.get(name) ?? new Map<number, string>()
      settings.set(name, byBroker.set(broker.nodeId, value))
    }
  })
  // One that is down says nothing; the others do.
  await Promise.allSettled(answers)
  return settings
}

/** Bytes of the largest copy by `<partition>/<topic>`; undefined when some broker does not say. */
export async function sizesOnDisk(
  cluster: Cluster,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number> | undefined> {
  const sizes = new Map<string, number>()
  const wanted = new Set(topics)
  const answers = cluster.brokers.map(async (broker) => {
    const answer = await cluster.ask(broker, 'ask for the size of topics', (connection) =>
      answerOf(cluster.client.describeLogDirsV4.api.async(connection, null)),
    )
    if (answer.errorCode !== code.none) throw new Error('not told')
    for (const { name, partitions } of answer.results.flatMap((directory) => directory.topics)) {
      if (!wanted.has(name)) continue
      for (const { partitionIndex, partitionSize, isFutureKey } of partitions) {
        const key = `${partitionIndex}/${name}`
        if (!isFutureKey) sizes.set(key, Math.max(sizes.get(key) ?? 0, Number(partitionSize)))
      }
    }
  })
  const results = await Promise.allSettled(answers)
  return results.every(({ status }) => status === 'fulfilled') ? sizes : undefined
}

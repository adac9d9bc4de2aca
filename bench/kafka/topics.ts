/**
 * Topics, the same for all sides: 12 partitions, three copies, two of them in sync before an answer.
 * @module
 */
import { Admin, ConfigResourceTypes, ListOffsetTimestamps } from '@platformatic/kafka'
import { partitionCount } from './event.ts'

const copies = 3
const minInSync = '2'

async function withAdmin<T>(brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: 'bench-admin', bootstrapBrokers: [...brokers] })
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

export async function createTopic(brokers: readonly string[], topic: string): Promise<void> {
  const configs = [{ name: 'min.insync.replicas', value: minInSync }]
  await withAdmin(brokers, (admin) =>
    admin.createTopics({ topics: [topic], partitions: partitionCount, replicas: copies, configs }),
  )
}

/** All topics of an application: its disk space is wanted by the next side. */
export async function deleteTopicsOf(brokers: readonly string[], app: string): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${app}.`))
    if (topics.length > 0) await admin.deleteTopics({ topics })
  })
}

/** @throws when the topic is not like the others */
export async function checkSettings(brokers: readonly string[], topic: string): Promise<void> {
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: null }
  const [described, { topics }] = await withAdmin(brokers, async (admin) => [
    await admin.describeConfigs({ resources: [resource] }),
    await admin.metadata({ topics: [topic] }),
  ])
  const inSync = described[0]?.configs.find(({ name }) => name === 'min.insync.replicas')?.value
  const { partitions } = topics.get(topic)!
  const asWanted = inSync === minInSync && partitions.every(({ replicas }) => replicas.length === copies)
  if (!asWanted || partitions.length !== partitionCount) {
    throw new Error(`${topic} has not ${partitionCount} partitions, ${copies} copies and ${minInSync} in sync.`)
  }
}

/** Records of all partitions. Of topics from which nothing was removed. */
export async function countOf(brokers: readonly string[], topic: string): Promise<number> {
  const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => {
    return { partitionIndex, timestamp: ListOffsetTimestamps.LATEST }
  })
  const [listed] = await withAdmin(brokers, (admin) => admin.listOffsets({ topics: [{ name: topic, partitions }] }))
  return listed!.partitions.reduce((sum, { offset }) => sum + Number(offset), 0)
}

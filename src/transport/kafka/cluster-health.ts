/**
 * How the brokers are, each asked by itself: whether it answers, what its disks say, and until when its certificate holds.
 * @module
 */
import { sleep } from '../../clock.ts'
import type { BrokerDisk, BrokerHealth, ClusterHealth, HealthOptions, TopicHealth } from '../index.ts'
import { answerOf, reasonOf } from './broker-errors.ts'
import type { Broker, Cluster } from './cluster.ts'
import type { Address } from './connections.ts'
import { code } from './error-codes.ts'
import { settingsOf, stateSettings } from './topic-state.ts'
import { certificateIn, certificateShownBy } from './shown-certificate.ts'

/** @throws LogUnavailable when no broker tells which brokers there are */
export async function clusterHealth(cluster: Cluster, options: HealthOptions): Promise<ClusterHealth> {
  const topics = await topicsHealth(cluster, options.prefix)
  const known = cluster.brokers
  const places = new Set(known.map(placeOf))
  const others = cluster.options.brokers.filter((address) => !places.has(placeOf(address)))
  const [brokers, asked] = await Promise.all([
    Promise.all(known.map((broker) => healthOf(cluster, broker, broker.nodeId, options))),
    Promise.all(others.map((address) => healthOf(cluster, address, undefined, options))),
  ])
  const own = cluster.options.tls?.cert
  return {
    // One that answers is a broker under another name, or a balancer in front of them.
    brokers: [...brokers, ...asked.filter(({ trouble }) => trouble !== undefined)],
    ownCertificate: own === undefined ? undefined : certificateIn(own),
    topics,
  }
}

/** One question to whoever answers, so that a broker that stands still does not hold it up. */
async function topicsHealth(cluster: Cluster, prefix: string): Promise<readonly TopicHealth[]> {
  await cluster.refresh([])
  const answer = await cluster.askAny('describe the cluster', async (connection) => {
    const request = await cluster.negotiation.pick(connection, 'Metadata')
    return answerOf(request.async(connection, null, false, false))
  })
  const found = answer.topics.filter(({ name, isInternal }) => isInternal || name?.startsWith(prefix) === true)
  const names = found.map(({ name }) => name!)
  // Who may not read settings learns the rest.
  const settings = names.length === 0 ? undefined : await settingsOf(cluster, names).catch(() => undefined)
  return found.map(({ name, isInternal, partitions }) => {
    const has = settings?.get(name!)
    return {
      name: name!,
      isInternal,
      minInsyncReplicas: has === undefined ? undefined : stateSettings(has).minInsyncReplicas,
      partitions: partitions
        .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
        .map(({ replicaNodes, isrNodes, leaderId }) => ({
          replicas: replicaNodes,
          inSync: isrNodes,
          leader: leaderId,
        })),
    }
  })
}

async function healthOf(
  cluster: Cluster,
  address: Address,
  id: number | undefined,
  { timeoutMs, thorough }: HealthOptions,
): Promise<BrokerHealth> {
  const { clock, options } = cluster
  const begun = clock.monotonic()
  const certificate =
    thorough && options.tls !== undefined
      ? certificateShownBy(address, options.tls, timeoutMs, clock).catch(() => undefined)
      : undefined
  let trouble: string | undefined
  let answerMs: number | undefined
  let disks: readonly BrokerDisk[] | undefined
  try {
    const broker = { ...address, nodeId: id ?? -1 }
    await inTime(cluster, timeoutMs, () => cluster.asSeenBy(broker, []))
    answerMs = clock.monotonic() - begun
    // Who may not ask learns nothing of disks; the broker is well nevertheless.
    if (thorough) disks = await inTime(cluster, timeoutMs, () => disksOf(cluster, broker)).catch(() => undefined)
  } catch (error) {
    trouble = reasonOf(error)
  }
  return { id, address: placeOf(address), trouble, answerMs, disks, certificate: await certificate }
}

async function disksOf(cluster: Cluster, broker: Broker): Promise<readonly BrokerDisk[] | undefined> {
  const answer = await cluster.ask(broker, 'ask for disks', (connection) =>
    answerOf(cluster.client.describeLogDirsV4.api.async(connection, null)),
  )
  if (answer.errorCode !== code.none) return undefined
  return answer.results.map(({ errorCode, logDir, topics, totalBytes, usableBytes }) => ({
    path: logDir,
    usedBytes: topics
      .flatMap(({ partitions }) => partitions)
      .reduce((sum, { partitionSize }) => sum + Number(partitionSize), 0),
    totalBytes: totalBytes < 0n ? undefined : Number(totalBytes),
    freeBytes: usableBytes < 0n ? undefined : Number(usableBytes),
    isWell: errorCode === code.none,
  }))
}

/** A broker that is stopped takes connections and answers nothing: the client alone would wait for long. */
async function inTime<Answer>(cluster: Cluster, timeoutMs: number, ask: () => Promise<Answer>): Promise<Answer> {
  const enough = new AbortController()
  const late = sleep(cluster.clock, timeoutMs, enough.signal).then(
    () => Promise.reject(new Error(`no answer within ${timeoutMs} ms`)),
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([ask(), late])
  } finally {
    enough.abort()
  }
}

function placeOf({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

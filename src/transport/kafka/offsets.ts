/**
 * Where partitions begin and end, asked of their leaders.
 * @module
 */
import { sleep } from '../../clock.ts'
import { LogUnavailable, type PartitionOffsets, type TopicPartition } from '../index.ts'
import type { Needs } from './access.ts'
import { answerOf, errorOfCode } from './broker-errors.ts'
import type { Broker, Cluster } from './cluster.ts'
import { code, isStaleLeader } from './error-codes.ts'
import { lookMs, watchLeaders } from './leader-watch.ts'

const earliest = -2n
const latest = -1n
const attempts = 50

/**
 * @param only one partition of each topic, instead of all
 * @throws TopicUnknown, LogUnavailable
 */
export async function offsetsOf(
  cluster: Cluster,
  topics: readonly string[],
  only?: number,
): Promise<readonly PartitionOffsets[]> {
  const found = await offsetsAt(cluster, topics, { timestamps: [earliest, latest], only })
  return found.map(({ topic, partition, offsets: [begin, end] }) => ({
    topic,
    partition,
    earliest: begin!,
    end: end!,
  }))
}

/**
 * Where the first record of that moment or later lies; the end where there is none.
 * @throws TopicUnknown, LogUnavailable
 */
export async function offsetsSince(
  cluster: Cluster,
  topics: readonly string[],
  sinceMs: number,
): Promise<readonly (TopicPartition & { readonly offset: number })[]> {
  // Below 0 the protocol means something else.
  const moment = BigInt(Math.max(0, Math.floor(sinceMs)))
  const found = await offsetsAt(cluster, topics, { timestamps: [moment, latest], only: undefined })
  return found.map(({ topic, partition, offsets: [first, end] }) => ({
    topic,
    partition,
    offset: first === noneFound ? end! : first!,
  }))
}

const noneFound = -1

type Found = TopicPartition & { readonly offsets: readonly number[] }

/** One offset for each of `timestamps`. */
async function offsetsAt(
  cluster: Cluster,
  topics: readonly string[],
  { timestamps, only }: { readonly timestamps: readonly bigint[]; readonly only: number | undefined },
): Promise<readonly Found[]> {
  await cluster.refresh(topics)
  for (let attempt = 1; ; attempt++) {
    const places = topics.flatMap((topic) => partitionsOf(cluster, topic, only))
    const found = await ask(cluster, places, timestamps)
    if (found !== undefined) return found
    if (attempt === attempts) {
      throw new LogUnavailable(`Could not list the offsets of ${topics.join(', ')}: a partition has no leader.`)
    }
    await sleep(cluster.clock, cluster.options.retryBackoffMs)
    await cluster.refresh(topics)
  }
}

function partitionsOf(cluster: Cluster, topic: string, only: number | undefined): TopicPartition[] {
  const places = cluster.topic(topic)
  if (places === undefined) throw cluster.missing(topic)
  const all = places.leaders.map((_, partition) => ({ topic, partition }))
  return only === undefined ? all : all.slice(only, only + 1)
}

/** Undefined when a leader has changed: ask again. */
async function ask(
  cluster: Cluster,
  places: readonly TopicPartition[],
  timestamps: readonly bigint[],
): Promise<readonly Found[] | undefined> {
  const byLeader = new Map<Broker, TopicPartition[]>()
  for (const place of places) {
    const leader = cluster.leaderOf(place.topic, place.partition)
    if (leader === undefined) return undefined
    byLeader.set(leader, [...(byLeader.get(leader) ?? []), place])
  }
  const answers = await Promise.all(
    timestamps.map(async (timestamp) => {
      const parts = await Promise.all([...byLeader].map(([leader, at]) => askLeader(cluster, leader, at, timestamp)))
      return parts.includes(undefined) ? undefined : new Map(parts.flatMap((part) => [...part!]))
    }),
  )
  if (answers.includes(undefined)) return undefined
  return places.map(({ topic, partition }) => {
    const key = `${partition}/${topic}`
    return { topic, partition, offsets: answers.map((answer) => answer!.get(key)!) }
  })
}

async function askLeader(
  cluster: Cluster,
  leader: Broker,
  places: readonly TopicPartition[],
  timestamp: bigint,
): Promise<Map<string, number> | undefined> {
  const topics = [...new Set(places.map(({ topic }) => topic))].map((name) => ({
    name,
    partitions: places
      .filter(({ topic }) => topic === name)
      .map(({ partition }) => ({ partitionIndex: partition, currentLeaderEpoch: -1, timestamp })),
  }))
  const noReplica = -1
  const anything = 0
  const over = new AbortController()
  const asked = cluster.ask(leader, 'list offsets', async (connection) => {
    const request = await cluster.negotiation.pick(connection, 'ListOffsets')
    return answerOf(request.async(connection, noReplica, anything, topics))
  })
  const moved = new Promise<undefined>((resolve) => {
    const how = { afterMs: lookMs, signal: over.signal }
    void watchLeaders(cluster, leader, places, how, () => resolve(undefined))
  })
  const answer = await Promise.race([asked, moved])
    .finally(() => over.abort())
    .catch((error: Error) => {
      // The broker may just have died: its partitions get another leader.
      if (error instanceof LogUnavailable) return undefined
      throw error
    })
  if (answer === undefined) return undefined
  const found = new Map<string, number>()
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, errorCode, offset } of partitions) {
      if (isStaleLeader(errorCode)) return undefined
      if (errorCode !== code.none) {
        const needs: Needs = { user: cluster.user, topic: ['Describe', name] }
        throw errorOfCode(errorCode, `list the offsets of ${name}`, { topic: name, needs })
      }
      found.set(`${partitionIndex}/${name}`, Number(offset))
    }
  }
  return found
}

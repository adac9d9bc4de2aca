/**
 * One round of the classic protocol: every member joins and says what it claims, the leader shares out, everybody hears its part. It ends
 * in a generation that the whole group has in common.
 * @module
 */
import type { TopicPartition } from '../../index.ts'
import type { Cluster } from '../cluster.ts'
import { code } from '../error-codes.ts'
import type { MemberIdentity } from './committed.ts'
import type { Coordinator } from './coordinator.ts'
import type { Join } from './handover.ts'
import { assign, type Subscriber } from './sticky-assignor.ts'

/** The name Kafka's own assignor of this kind has: clients of other kinds may be in the group, when they have it too. */
const assignorName = 'cooperative-sticky'
const protocolType = 'consumer'
const subscriptionVersion = 3
const assignmentVersion = 3
/** The broker answers when the slowest member has joined; its answer takes a moment. */
const graceMs = 5_000

/** The group has given this member an id, with which it is to come again. */
export interface Named {
  readonly memberId: string
  readonly generation: undefined
}

export interface Joined {
  readonly memberId: string
  readonly generation: number
  /** What there is to share out, when this member is the leader and shares out. */
  readonly subscribers: readonly Subscriber[]
  readonly isLeader: boolean
}

/**
 * Waits until every member has joined, at most for the group's rebalance time-out.
 * @throws the client's errors, LogUnavailable
 */
export async function joinRound(
  cluster: Cluster,
  coordinator: Coordinator,
  member: MemberIdentity,
  join: Join,
  sessionTimeoutMs: number,
  claims: readonly TopicPartition[],
): Promise<Joined | Named> {
  const { client, negotiation, options } = cluster
  const generationId = member.epoch > 0 ? member.epoch : -1
  const generation = Buffer.alloc(4)
  generation.writeInt32BE(generationId)
  const metadata = client.encodeConsumerProtocolSubscription({
    version: subscriptionVersion,
    topics: [...join.topics],
    // Where clients look for the generation that know no version above 1.
    userData: generation,
    ownedPartitions: [...byTopic(claims)].map(([topic, partitions]) => ({ topic, partitions })),
    generationId,
    rackId: options.rack,
  })
  const protocols = [{ name: assignorName, metadata }]
  const { rebalanceTimeoutMs } = options
  const answer = await coordinator.askPatiently(rebalanceTimeoutMs + graceMs, async (connection) => {
    const request = await negotiation.pick(connection, 'JoinGroup')
    const { id, instanceId } = member
    const sessionMs = Math.round(sessionTimeoutMs)
    const how = [rebalanceTimeoutMs, id, instanceId, protocolType, protocols, null] as const
    return idOr(request.async(connection, join.group, sessionMs, ...how))
  })
  if (answer.errorCode === code.memberIdRequired) return { memberId: answer.memberId, generation: undefined }
  const isLeader = answer.leader === answer.memberId
  const subscribers =
    isLeader && !answer.skipAssignment ? answer.members.map((each) => subscriberOf(cluster, each)) : []
  return { memberId: answer.memberId, generation: answer.generationId, subscribers, isLeader }
}

/** The answer also where it is that a member must have an id first. */
async function idOr<Answer extends { readonly errorCode: number }>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked
  } catch (error) {
    const { response } = error as { response?: Answer }
    if (response?.errorCode === code.memberIdRequired) return response
    throw error
  }
}

function subscriberOf(cluster: Cluster, { memberId, metadata }: { memberId: string; metadata: Buffer }): Subscriber {
  const { decodeConsumerProtocolSubscription, decodeCooperativeStickyGeneration } = cluster.client
  const { topics, ownedPartitions, generationId, userData } = decodeConsumerProtocolSubscription(metadata)
  const inUserData = userData == null ? -1 : decodeCooperativeStickyGeneration(Buffer.from(userData))
  const claims = ownedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
  return { memberId, topics, claims, generation: Math.max(generationId, inUserData) }
}

/** @returns how many partitions each topic of the group has, which the leader looks after */
export async function countPartitions(cluster: Cluster, topics: readonly string[]): Promise<Map<string, number>> {
  await cluster.refresh(topics)
  const counts = [...topics].sort().map((topic): [string, number] => [topic, cluster.topic(topic)?.leaders.length ?? 0])
  return new Map(counts)
}

/**
 * Hears this member's part, after the leader has said everybody's.
 * @throws the client's errors, LogUnavailable
 */
export async function syncRound(
  cluster: Cluster,
  coordinator: Coordinator,
  member: MemberIdentity,
  subscribers: readonly Subscriber[],
  counts: ReadonlyMap<string, number>,
): Promise<readonly TopicPartition[]> {
  const { client, negotiation, options } = cluster
  const assignments = [...assign(subscribers, counts)].map(([memberId, places]) => ({
    memberId,
    assignment: client.encodeConsumerProtocolAssignment({
      version: assignmentVersion,
      assignedPartitions: [...byTopic(places)].map(([topic, partitions]) => ({ topic, partitions })),
    }),
  }))
  const { id, epoch, instanceId } = member
  const answer = await coordinator.askPatiently(options.rebalanceTimeoutMs + graceMs, async (connection) => {
    const request = await negotiation.pick(connection, 'SyncGroup')
    const how = [instanceId, protocolType, assignorName, assignments] as const
    return request.async(connection, coordinator.group, epoch, id, ...how)
  })
  return client
    .decodeConsumerProtocolAssignment(answer.assignment)
    .assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}

function byTopic(places: readonly TopicPartition[]): Map<string, number[]> {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of places) {
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, [partition])
    else partitions.push(partition)
  }
  return topics
}

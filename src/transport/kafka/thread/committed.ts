/**
 * Positions of a group: reading them, and storing them with their metadata.
 * @module
 */
import type { TopicPartition } from '../../index.ts'
import type { Needs } from '../access.ts'
import { answerOf, errorOfCode } from '../broker-errors.ts'
import type { Cluster } from '../cluster.ts'
import { code } from '../error-codes.ts'
import { fromText, toText } from '../metadata-text.ts'
import type { Coordinator } from './coordinator.ts'

/** A member as the group knows it. */
export interface MemberIdentity {
  /** Empty while the group has given none. */
  readonly id: string
  /** Its epoch, or under the classic protocol the group's generation; 0 or less when it is no member. */
  readonly epoch: number
  /** Of a static member: the id that outlives its process. */
  readonly instanceId: string | null
}

export interface Position extends TopicPartition {
  readonly offset: number
  readonly metadata: Uint8Array
}

/** Positions of these partitions, without those that never were committed; of all that were, when none are named. */
export async function readPositions(
  cluster: Cluster,
  coordinator: Coordinator,
  places: readonly TopicPartition[] | null,
): Promise<readonly Position[]> {
  const topics =
    places === null
      ? null
      : [...byTopic(places)].map(([name, at]) => ({ name, partitionIndexes: at.map(({ partition }) => partition) }))
  const wanted = [{ groupId: coordinator.group, memberId: null, memberEpoch: -1, topics }]
  const waitForTransactions = true
  const answer = await coordinator.ask(async (connection) => {
    const request = await cluster.negotiation.pick(connection, 'OffsetFetch')
    return answerOf(request.async(connection, wanted, waitForTransactions))
  })
  const doing = `read the positions of the group "${coordinator.group}"`
  // Before version 8 an answer is about one group, and lists none.
  const group = answer.groups[0] ?? (answer as unknown as (typeof answer.groups)[number])
  // No such group, or it never committed anything.
  if (group.errorCode === code.groupIdNotFound) return []
  if (group.errorCode !== code.none) throw refused(cluster, coordinator, group.errorCode, doing)
  const positions: Position[] = []
  for (const { name, partitions } of group.topics) {
    for (const { partitionIndex, errorCode, committedOffset, metadata } of partitions) {
      if (errorCode !== code.none) throw refused(cluster, coordinator, errorCode, doing, name)
      if (committedOffset < 0n) continue
      positions.push({
        topic: name,
        partition: partitionIndex,
        offset: Number(committedOffset),
        metadata: fromText(metadata),
      })
    }
  }
  return positions
}

/** Error numbers of the answer, one for each position; all 0 when everything is stored. */
export async function storePositions(
  cluster: Cluster,
  coordinator: Coordinator,
  member: MemberIdentity,
  positions: readonly Position[],
): Promise<readonly number[]> {
  const topics = positionsByTopic(positions)
  const answer = await coordinator.ask(async (connection) => {
    const request = await cluster.negotiation.pick(connection, 'OffsetCommit')
    return answerOf(request.async(connection, coordinator.group, member.epoch, member.id, member.instanceId, topics))
  })
  return answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
}

/** As the requests that store positions take them. */
export function positionsByTopic(positions: readonly Position[]) {
  return [...byTopic(positions)].map(([name, at]) => ({
    name,
    partitions: at.map(({ partition, offset, metadata }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: toText(metadata),
    })),
  }))
}

function refused(cluster: Cluster, coordinator: Coordinator, errorCode: number, doing: string, topic?: string): Error {
  coordinator.forget()
  const group: Needs = { user: cluster.user, group: ['Describe', coordinator.group] }
  return errorOfCode(errorCode, doing, {
    needs: topic === undefined ? group : { ...group, topic: ['Describe', topic] },
  })
}

function byTopic<Place extends TopicPartition>(places: readonly Place[]): Map<string, Place[]> {
  const topics = new Map<string, Place[]>()
  for (const place of places) {
    const at = topics.get(place.topic)
    if (at === undefined) topics.set(place.topic, [place])
    else at.push(place)
  }
  return topics
}

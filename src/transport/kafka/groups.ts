/**
 * Groups as people want to see them: members with what they hold, positions with their metadata.
 * @module
 */
import type { GroupDescription } from '../index.ts'
import type { Needs } from './access.ts'
import { answerOf, errorOfCode } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import { code } from './error-codes.ts'
import { readPositions } from './thread/committed.ts'
import { Coordinator } from './thread/coordinator.ts'

/** @param names of the groups that are wanted; those that are not there are left out. Absent: all */
export async function describeGroups(
  cluster: Cluster,
  names?: readonly string[],
): Promise<readonly GroupDescription[]> {
  const wanted = names ?? (await listGroups(cluster))
  const groups = await Promise.all(wanted.map((group) => describeGroup(cluster, group)))
  return groups.filter((group) => group !== undefined)
}

async function listGroups(cluster: Cluster): Promise<string[]> {
  if (cluster.brokers.length === 0) await cluster.refreshAll()
  const answers = await Promise.all(
    cluster.brokers.map((broker) =>
      cluster.ask(broker, 'list groups', (connection) =>
        answerOf(cluster.client.listGroupsV5.api.async(connection, [], ['consumer', 'classic'])),
      ),
    ),
  )
  return [...new Set(answers.flatMap(({ groups }) => groups.map(({ groupId }) => groupId)))].sort()
}

async function describeGroup(cluster: Cluster, group: string): Promise<GroupDescription | undefined> {
  const coordinator = new Coordinator(cluster, group, 'Describe')
  const [members, positions] = await Promise.all([
    membersOf(cluster, coordinator),
    readPositions(cluster, coordinator, null),
  ])
  if (members === undefined && positions.length === 0) return undefined
  return { group, members: members ?? [], positions }
}

/** Undefined when there is no group of the KIP-848 protocol with this name. */
async function membersOf(cluster: Cluster, coordinator: Coordinator): Promise<GroupDescription['members'] | undefined> {
  const answer = await coordinator.ask((connection) =>
    answerOf(cluster.client.consumerGroupDescribeV0.api.async(connection, [coordinator.group], false)),
  )
  const { errorCode, members } = answer.groups[0]!
  if (errorCode === code.groupIdNotFound) return undefined
  if (errorCode !== code.none) {
    const needs: Needs = { user: cluster.user, group: ['Describe', coordinator.group] }
    throw errorOfCode(errorCode, `describe the group "${coordinator.group}"`, { needs })
  }
  return members.map(({ clientId, assignment }) => ({
    clientId,
    partitions: assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
      partitions.map((partition) => ({ topic: topicName, partition })),
    ),
  }))
}

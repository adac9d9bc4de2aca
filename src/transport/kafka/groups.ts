/**
 * Groups as people want to see them: members with what they hold, positions with their metadata.
 * @module
 */
import { sleep } from '../../clock.ts'
import { LogUnavailable, type GroupDescription } from '../index.ts'
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
  const groups = await Promise.all(wanted.map((group) => whenReady(cluster, () => describeGroup(cluster, group))))
  return groups.filter((group) => group !== undefined)
}

/** Asks again while the coordinator is not ready, as on a new cluster or while it moves; as long as a request may take. */
async function whenReady<Answer>(cluster: Cluster, ask: () => Promise<Answer>): Promise<Answer> {
  const { clock, options } = cluster
  const deadline = clock.monotonic() + options.requestTimeoutMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof LogUnavailable) || clock.monotonic() >= deadline) throw error
      await sleep(clock, options.retryBackoffMs)
    }
  }
}

async function listGroups(cluster: Cluster): Promise<string[]> {
  if (cluster.brokers.length === 0) await cluster.refreshAll()
  const answers = await Promise.all(
    cluster.brokers.map((broker) =>
      cluster.ask(broker, 'list groups', async (connection) => {
        const request = await cluster.negotiation.pick(connection, 'ListGroups')
        return answerOf(request.async(connection, [], ['consumer', 'classic']))
      }),
    ),
  )
  // Before 3.8 a broker lists what is no group of consumers too (connectors, schema registries).
  const groups = answers.flatMap((answer) => answer.groups).filter(({ protocolType }) => isOfConsumers(protocolType))
  return [...new Set(groups.map(({ groupId }) => groupId))].sort()
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

type Members = GroupDescription['members']

/** Undefined when there is no group with this name, under neither of the two protocols for groups. */
async function membersOf(cluster: Cluster, coordinator: Coordinator): Promise<Members | undefined> {
  return (await membersByBroker(cluster, coordinator)) ?? (await membersOfClassic(cluster, coordinator))
}

async function membersByBroker(cluster: Cluster, coordinator: Coordinator): Promise<Members | undefined> {
  const answer = await coordinator.ask(async (connection) => {
    const request = await cluster.negotiation.pickNewer(connection, 'ConsumerGroupDescribe')
    return request === undefined ? undefined : answerOf(request.async(connection, [coordinator.group], false))
  })
  const described = answer?.groups[0]
  if (described === undefined || isOtherProtocol(described.errorCode)) return undefined
  const { errorCode, members } = described
  if (errorCode !== code.none) throw refused(cluster, coordinator, errorCode)
  return members.map(({ clientId, assignment }) => ({
    clientId,
    partitions: assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
      partitions.map((partition) => ({ topic: topicName, partition })),
    ),
  }))
}

async function membersOfClassic(cluster: Cluster, coordinator: Coordinator): Promise<Members | undefined> {
  const answer = await coordinator.ask(async (connection) => {
    const request = await cluster.negotiation.pick(connection, 'DescribeGroups')
    return answerOf(request.async(connection, [coordinator.group], false))
  })
  const { errorCode, groupState, protocolType, members } = answer.groups[0]!
  if (isOtherProtocol(errorCode) || groupState === 'Dead' || !isOfConsumers(protocolType)) return undefined
  if (errorCode !== code.none) throw refused(cluster, coordinator, errorCode)
  return members.map(({ clientId, memberAssignment }) => ({
    clientId,
    partitions: cluster.client
      .decodeConsumerProtocolAssignment(memberAssignment)
      .assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
  }))
}

function refused(cluster: Cluster, { group }: Coordinator, errorCode: number): Error {
  const needs: Needs = { user: cluster.user, group: ['Describe', group] }
  return errorOfCode(errorCode, `describe the group "${group}"`, { needs })
}

/** The group is not there, or not of this protocol; or the protocol is switched off (`group.version`). */
function isOtherProtocol(errorCode: number): boolean {
  return errorCode === code.groupIdNotFound || errorCode === code.unsupportedVersion
}

/** A group that only ever committed has no protocol. */
function isOfConsumers(protocolType: string): boolean {
  return protocolType === 'consumer' || protocolType === ''
}

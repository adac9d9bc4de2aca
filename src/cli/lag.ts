/**
 * How far subscriptions are: what is stored, what is committed, and the difference.
 * @module
 */
import type { CompiledConfig, CompiledSubscription } from '../config/index.ts'
import type { GroupDescription, Log, PartitionOffsets } from '../transport/index.ts'
import type { LagCounts } from './view/gauges.ts'

export interface LaneLag {
  readonly subscription: string
  readonly lane: string
  /** Records from the committed position to the end, over all partitions of the lane's topics. */
  readonly lag: number
  /** Sum of the committed positions; null where the group never committed. */
  readonly committed: number | null
  /** Sum of the partitions' ends. */
  readonly end: number
  readonly partitions: number
  /** Client ids that hold a partition of the lane now. */
  readonly members: readonly string[]
}

/** A row for every lane of every subscription, in the order of the typed file. */
export async function laneLags(log: Log, config: CompiledConfig): Promise<LaneLag[]> {
  const subscriptions = [...config.subscriptions.values()]
  const existing = new Set((await log.admin.topics()).map((topic) => topic.name))
  const wanted = new Set(subscriptions.flatMap((sub) => sub.topics.map(({ topic }) => topic)))
  const [offsets, groups] = await Promise.all([
    log.admin.offsets([...wanted].filter((topic) => existing.has(topic))),
    log.admin.groups(subscriptions.map((sub) => sub.group)),
  ])
  return subscriptions.flatMap((sub) => {
    const group = groups.find((candidate) => candidate.group === sub.group)
    return config.lanes
      .filter((lane) => sub.topics.some((topic) => topic.lane === lane.name))
      .map((lane) => laneLag(sub, lane.name, offsets, group))
  })
}

function laneLag(
  sub: CompiledSubscription,
  lane: string,
  offsets: readonly PartitionOffsets[],
  group: GroupDescription | undefined,
): LaneLag {
  const topics = new Set(sub.topics.filter((topic) => topic.lane === lane).map(({ topic }) => topic))
  const positions = new Map(group?.positions.map((position) => [idOf(position), position.offset]))
  let [lag, committed, end, partitions] = [0, 0, 0, 0]
  let everCommitted = false
  for (const range of offsets) {
    if (!topics.has(range.topic)) continue
    const position = positions.get(idOf(range))
    if (position !== undefined) everCommitted = true
    const start = sub.startAt === 'latest' ? range.end : range.earliest
    lag += Math.max(0, range.end - Math.max(position ?? start, range.earliest))
    committed += position ?? 0
    end += range.end
    partitions++
  }
  const members = group?.members
    .filter((member) => member.partitions.some((partition) => topics.has(partition.topic)))
    .map((member) => member.clientId)
  return {
    subscription: sub.name,
    lane,
    lag,
    committed: everCommitted ? committed : null,
    end,
    partitions,
    members: [...new Set(members ?? [])],
  }
}

function idOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`
}

/** Sums for the live view. */
export function lagCounts(rows: readonly LaneLag[]): LagCounts {
  const byLane = new Map<string, number>()
  const bySubscription = new Map<string, number>()
  for (const { lane, subscription, lag } of rows) {
    byLane.set(lane, (byLane.get(lane) ?? 0) + lag)
    bySubscription.set(subscription, (bySubscription.get(subscription) ?? 0) + lag)
  }
  return { byLane, bySubscription }
}

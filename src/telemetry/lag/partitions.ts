/**
 * Of every partition a subscription takes: what is stored, what is committed, and the difference.
 * @module
 */
import type { CompiledConfig, CompiledSubscription } from '../../config/index.ts'
import type { GroupDescription, Log, PartitionOffsets, TopicPartition } from '../../transport/index.ts'

export interface PartitionLag extends TopicPartition {
  readonly subscription: string
  readonly lane: string
  /** Earliest retained offset. */
  readonly earliest: number
  /** Offset of the next record to be stored. */
  readonly end: number
  /** What the group committed: the first offset that is not done. null: it never committed here. */
  readonly committed: number | null
  /** What the last commit said beside it, byte for byte; empty when there was none. */
  readonly metadata: Uint8Array
  /** First offset that is not done, as far as records are retained; `end` when all is done. */
  readonly next: number
  /** Records from `next` to `end`. */
  readonly lag: number
  /** Client id that holds it now. */
  readonly member: string | null
}

/** A row for every partition of every lane of every subscription, in the order of the typed file. Topics not made yet have none. */
export async function partitionLags(log: Log, config: CompiledConfig): Promise<PartitionLag[]> {
  const subscriptions = [...config.subscriptions.values()]
  const existing = new Set((await log.admin.topics()).map((topic) => topic.name))
  const wanted = new Set(subscriptions.flatMap((sub) => sub.topics.map(({ topic }) => topic)))
  const [offsets, groups] = await Promise.all([
    log.admin.offsets([...wanted].filter((topic) => existing.has(topic))),
    log.admin.groups(subscriptions.map((sub) => sub.group)),
  ])
  const byGroup = new Map(groups.map((group) => [group.group, group]))
  const byTopic = Map.groupBy(offsets, ({ topic }) => topic)
  return subscriptions.flatMap((sub) => {
    const group = byGroup.get(sub.group)
    const positions = new Map(group?.positions.map((position) => [idOf(position), position]))
    const holders = holdersOf(group)
    return config.lanes.flatMap(({ name }) =>
      sub.topics
        .filter(({ lane }) => lane === name)
        .flatMap(({ topic }) => byTopic.get(topic) ?? [])
        .map((range) => partitionLag(sub, name, range, positions.get(idOf(range)), holders.get(idOf(range)))),
    )
  })
}

const noMetadata = new Uint8Array(0)

function partitionLag(
  sub: CompiledSubscription,
  lane: string,
  { topic, partition, earliest, end }: PartitionOffsets,
  position: GroupDescription['positions'][number] | undefined,
  member: string | undefined,
): PartitionLag {
  const start = sub.startAt === 'latest' ? end : earliest
  const next = Math.min(end, Math.max(position?.offset ?? start, earliest))
  return {
    subscription: sub.name,
    lane,
    topic,
    partition,
    earliest,
    end,
    committed: position?.offset ?? null,
    metadata: position?.metadata ?? noMetadata,
    next,
    lag: end - next,
    member: member ?? null,
  }
}

function holdersOf(group: GroupDescription | undefined): Map<string, string> {
  const holders = new Map<string, string>()
  for (const { clientId, partitions } of group?.members ?? [])
    for (const partition of partitions) holders.set(idOf(partition), clientId)
  return holders
}

export function idOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

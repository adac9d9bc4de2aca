/**
 * How far subscriptions are, lane by lane: what is stored, what is committed, and the difference.
 * @module
 */
import type { CompiledConfig } from '../../config/index.ts'
import type { Log } from '../../transport/index.ts'
import { partitionLags, type PartitionLag } from './partitions.ts'

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

/** Sums by lane and by subscription. */
export interface LagCounts {
  readonly byLane: ReadonlyMap<string, number>
  readonly bySubscription: ReadonlyMap<string, number>
}

/** A row for every lane of every subscription, in the order of the typed file. */
export async function laneLags(log: Log, config: CompiledConfig): Promise<LaneLag[]> {
  return lanesOf(config, await partitionLags(log, config)).map(({ lane }) => lane)
}

/** The rows of `partitions` by lane, each with its partitions. A lane has a row also while none of its topics is made. */
export function lanesOf<Row extends PartitionLag>(
  config: CompiledConfig,
  partitions: readonly Row[],
): { lane: LaneLag; rows: readonly Row[] }[] {
  const byLane = Map.groupBy(partitions, ({ subscription, lane }) => laneId(subscription, lane))
  return [...config.subscriptions.values()].flatMap((sub) =>
    config.lanes
      .filter((lane) => sub.topics.some((topic) => topic.lane === lane.name))
      .map(({ name }) => {
        const rows = byLane.get(laneId(sub.name, name)) ?? []
        return { lane: laneLag(sub.name, name, rows), rows }
      }),
  )
}

function laneLag(subscription: string, lane: string, rows: readonly PartitionLag[]): LaneLag {
  return {
    subscription,
    lane,
    lag: sum(rows, (row) => row.lag),
    committed: rows.some((row) => row.committed !== null) ? sum(rows, (row) => row.committed ?? 0) : null,
    end: sum(rows, (row) => row.end),
    partitions: rows.length,
    members: [...new Set(rows.flatMap(({ member }) => member ?? []))],
  }
}

function sum<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0)
}

function laneId(subscription: string, lane: string): string {
  return `${subscription}/${lane}`
}

export function lagCounts(rows: readonly LaneLag[]): LagCounts {
  const byLane = new Map<string, number>()
  const bySubscription = new Map<string, number>()
  for (const { lane, subscription, lag } of rows) {
    byLane.set(lane, (byLane.get(lane) ?? 0) + lag)
    bySubscription.set(subscription, (bySubscription.get(subscription) ?? 0) + lag)
  }
  return { byLane, bySubscription }
}

/**
 * Delivery rates by lane, and what is done above committed positions by the metadata of commits. Followers of a key that is being repeated are
 * counted as one: the metadata does not say how many there are.
 * @module
 */
import type { LaneDelivery, PartitionLag } from '../../telemetry/lag/index.ts'
import { decodeCommitState } from '../../worker/index.ts'

/** Records from `from` to before `to`, at or above the committed position, that are done. */
export function doneAbove({ committed, metadata }: PartitionLag, from: number, to: number): number {
  if (committed === null || metadata.length === 0) return 0
  const progress = decodeCommitState(committed, metadata)
  const high = Math.min(progress.high, to)
  let open = 0
  for (const { offset, keyHash } of progress.entries) {
    if (offset >= from && offset < high) open += keyHash === undefined ? 1 : 2
  }
  return Math.max(0, high - from - open)
}

/** Of all subscriptions together; a lane of which nothing was acknowledged in that while has none. */
export function rateByLane(rows: readonly LaneDelivery[]): ReadonlyMap<string, number> {
  const sums = new Map<string, { acknowledged: number; handled: number }>()
  for (const { lane, acknowledged, handled } of rows) {
    const sum = sums.get(lane) ?? { acknowledged: 0, handled: 0 }
    sums.set(lane, { acknowledged: sum.acknowledged + acknowledged, handled: sum.handled + handled })
  }
  return new Map(
    [...sums].flatMap(([lane, { acknowledged, handled }]) =>
      acknowledged === 0 ? [] : [[lane, handled / acknowledged] as const],
    ),
  )
}

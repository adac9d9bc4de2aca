/**
 * Delivery rates by lane.
 * @module
 */
import type { LaneDelivery } from '../../telemetry/lag/index.ts'

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

/**
 * What a running subscription looks like from outside.
 * @module
 */
import type { CompiledLane } from '../config/index.ts'
import type { BreakerState, CircuitBreaker } from './breaker.ts'
import type { Attempts } from './attempts.ts'
import type { Duplicates } from './duplicates.ts'
import type { LaneScheduler } from './lane-scheduler.ts'
import type { PartitionWork } from './partition-work.ts'
import type { Stalled, Watchdog } from './watchdog.ts'

export interface SubscriptionStatus {
  readonly subscription: string
  /** Handler calls running now. */
  readonly running: number
  /** Keys waiting for their next attempt. */
  readonly waitingKeys: number
  /** Keys parked behind a dead letter. */
  readonly parkedKeys: number
  /** Events fetched and not done. */
  readonly bufferedEvents: number
  readonly breaker: BreakerState
  readonly partitions: number
  /** Since the worker started: records passed over because their event had been stored before (`worker.dedupe`). */
  readonly duplicates: number
  /** Since the worker started: events handled although another one had the same id. */
  readonly idConflicts: number
  /** Since the worker started: how often a partition stood still without a reason (`worker.stallAfter`). */
  readonly stalls: number
  /** Partitions that were found so and have not moved since. */
  readonly stalled: readonly Stalled[]
  readonly lanes: readonly LaneStatus[]
}

export interface LaneStatus {
  readonly lane: string
  readonly paused: boolean
  readonly buffered: number
  /** Handlers of it running now, and started since the worker started. */
  readonly running: number
  readonly granted: number
  /** How long its handlers held slots, milliseconds. What runs now is not in it. */
  readonly usedMs: number
  /** Guaranteed part of the capacity, 0..1. */
  readonly share: number
}

interface StatusSource {
  readonly attempts: Attempts
  readonly breaker: CircuitBreaker
  readonly scheduler: LaneScheduler
  readonly duplicates: Duplicates | undefined
  readonly watchdog: Watchdog
  readonly pausedLanes: ReadonlySet<number>
}

export function statusOf(
  source: StatusSource,
  place: { name: string; lanes: readonly CompiledLane[]; partitions: readonly PartitionWork[] },
): SubscriptionStatus {
  const { partitions } = place
  const usage = source.scheduler.usage()
  const queues = partitions.flatMap((work) => [...work.queues()])
  return {
    subscription: place.name,
    running: source.attempts.running.size,
    waitingKeys: queues.filter(({ state }) => state === 'waiting').length,
    parkedKeys: queues.filter(({ parked }) => parked).length,
    bufferedEvents: partitions.reduce((sum, { buffered }) => sum + buffered, 0),
    breaker: source.breaker.state,
    partitions: partitions.length,
    duplicates: source.duplicates?.dropped ?? 0,
    idConflicts: source.duplicates?.conflicts ?? 0,
    stalls: source.watchdog.stalls,
    stalled: source.watchdog.stalled,
    lanes: place.lanes.map((lane) => ({
      lane: lane.name,
      paused: source.pausedLanes.has(lane.index),
      buffered: partitions.reduce((sum, work) => sum + (work.lane === lane.index ? work.buffered : 0), 0),
      ...usage[lane.index]!,
    })),
  }
}

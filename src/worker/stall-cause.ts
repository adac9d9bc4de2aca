/**
 * Why a partition does not move: for a reason that is known and passes by itself, or stalled. Pure.
 * @module
 */
import type { PartitionWork } from './partition-work.ts'

/** `fetch`: nothing comes. `commit`: what may start waits for a commit. `handler`: one does not return. `unknown`: nothing explains it. */
export type StallCause = 'fetch' | 'commit' | 'handler' | 'unknown'

/** `quiet`: fetches are answered, and bring nothing: whether there is anything to bring has to be asked. */
export type Suspicion = StallCause | 'quiet'

export interface StallFacts {
  readonly now: number
  readonly stallAfterMs: number
  /** Somebody paused its lane. */
  readonly paused: boolean
  /** The breaker is not closed. */
  readonly outage: boolean
  /** When the fetch that is open for it began. */
  readonly fetchBegan: number | undefined
  /** Other partitions of the lane hold the memory it would need. */
  readonly laneIsFull: boolean
  /** Handlers of the subscription run, of any partition. */
  readonly anyRuns: boolean
  /** One of its handlers is past its time-out. */
  readonly overdue: object | undefined
}

/** @param still for so long that it needs a reason: nothing came, nothing in hand was done */
export function stallCause(
  work: PartitionWork,
  facts: StallFacts,
  still: { readonly fetch: boolean; readonly work: boolean },
): Suspicion | undefined {
  if (work.closing || work.gone || facts.paused) return undefined
  return (still.fetch ? fetchCause(work, facts) : undefined) ?? (still.work ? causeInHand(work, facts) : undefined)
}

function fetchCause(work: PartitionWork, facts: StallFacts): 'fetch' | 'quiet' | undefined {
  const { now, stallAfterMs, fetchBegan, laneIsFull } = facts
  // Nobody asks, although there is room.
  if (!work.fetching) return work.buffered === 0 && !laneIsFull ? 'quiet' : undefined
  // What it needs before it may be fetched is still being read: that fails with words, and is tried again.
  if (fetchBegan === undefined) return undefined
  if (now - fetchBegan >= stallAfterMs) return 'fetch'
  return work.fetchAlone ? undefined : 'quiet'
}

function causeInHand(work: PartitionWork, facts: StallFacts): StallCause | undefined {
  if (facts.overdue) return 'handler'
  // Running or gathered, on its way to the dead letters, or waiting for the end of an outage.
  if (work.running > 0 || work.keeping > 0 || facts.outage) return undefined
  let busy = false
  for (const { state } of work.queues()) {
    if (state === 'waiting') return undefined
    busy ||= state === 'busy'
  }
  if (work.hasReady && work.held === 'reservation') return work.recovered ? 'commit' : undefined
  if (work.hasReady && work.held === 'staged') return 'commit'
  // Others have the slots, or their turn before a suspect's.
  if (facts.anyRuns && (work.hasReady || busy)) return undefined
  return 'unknown'
}

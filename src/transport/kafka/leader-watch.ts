/**
 * Looks after a request that a broker does not answer. A broker that stands still keeps its connections: nothing breaks, and the request
 * would wait for its time-out, long after the cluster has another leader.
 * @module
 */
import { sleep } from '../../clock.ts'
import type { TopicPartition } from '../index.ts'
import type { Broker, Cluster } from './cluster.ts'

/** Between two looks, and before the first. */
export const lookMs = 1_000

/**
 * Calls `moved` with those of `places` that another broker leads by now, until `signal`. The leaders are asked for while no answer comes.
 * @param afterMs how long no answer is nothing to wonder about
 */
export async function watchLeaders<Place extends TopicPartition>(
  cluster: Cluster,
  broker: Broker,
  places: readonly Place[],
  { afterMs, signal }: { readonly afterMs: number; readonly signal: AbortSignal },
  moved: (places: readonly Place[]) => void,
): Promise<void> {
  let waiting = places
  const topics = new Set(places.map(({ topic }) => topic))
  try {
    await sleep(cluster.clock, afterMs, signal)
    for (; waiting.length > 0; await sleep(cluster.clock, lookMs, signal)) {
      await cluster.refresh(topics).catch(() => {})
      if (signal.aborted) return
      const gone = new Set(waiting.filter((place) => hasMoved(cluster, broker, place)))
      waiting = waiting.filter((place) => !gone.has(place))
      if (gone.size > 0) moved([...gone])
    }
  } catch {
    // The answer came.
  }
}

function hasMoved(cluster: Cluster, broker: Broker, { topic, partition }: TopicPartition): boolean {
  const leader = cluster.leaderOf(topic, partition)
  return leader !== undefined && leader.nodeId !== broker.nodeId
}

/**
 * Where the copies of partitions go when their number changes: as few moves as possible, over as many racks as possible, and evenly
 * over brokers.
 * @module
 */
import type { BrokerState, TopicState } from '../transport/index.ts'

export interface Move {
  readonly partition: number
  readonly from: readonly number[]
  readonly to: readonly number[]
  /** Of all copies that are to be made; undefined where the size is not known. */
  readonly bytes?: number | undefined
}

/** Brokers that shall have a partition when what is under way has ended. */
export function settledReplicas({ replicas, removing }: TopicState['partitions'][number]): readonly number[] {
  return replicas.filter((id) => !removing.includes(id))
}

/**
 * The moves that give every partition `copies` copies. Copies that are there stay, the preferred leader first; which go is the
 * reverse of which would come.
 * @param brokers that are there; at least `copies`
 */
export function movesTo(copies: number, topic: TopicState, brokers: readonly BrokerState[]): readonly Move[] {
  const load = new Map(brokers.map(({ id }) => [id, 0]))
  for (const partition of topic.partitions) {
    for (const id of settledReplicas(partition)) load.set(id, (load.get(id) ?? 0) + 1)
  }
  return topic.partitions.flatMap((state, partition) => {
    const from = settledReplicas(state)
    const to = placed(from, copies, brokers, load)
    if (to.length === from.length) return []
    const added = to.filter((id) => !from.includes(id)).length
    return [{ partition, from, to, bytes: state.bytes === undefined ? undefined : state.bytes * added }]
  })
}

function placed(
  from: readonly number[],
  copies: number,
  brokers: readonly BrokerState[],
  load: Map<number, number>,
): readonly number[] {
  const rackOf = new Map(brokers.map(({ id, rack }) => [id, rack ?? `broker ${id}`]))
  const to = [...from]
  const inRack = (id: number): number => to.filter((each) => rackOf.get(each) === rackOf.get(id)).length
  const count = (id: number, by: number): unknown => load.set(id, (load.get(id) ?? 0) + by)
  while (to.length < copies) {
    const free = brokers.map(({ id }) => id).filter((id) => !to.includes(id))
    const next = free.toSorted((a, b) => inRack(a) - inRack(b) || load.get(a)! - load.get(b)! || a - b)[0]
    if (next === undefined) break
    to.push(next)
    count(next, 1)
  }
  while (to.length > copies) {
    // One whose broker is gone first, then from the fullest rack and broker; never the preferred leader.
    const [, ...others] = to
    const isGone = (id: number): number => (rackOf.has(id) ? 0 : 1)
    const gone = others.toSorted(
      (a, b) => isGone(b) - isGone(a) || inRack(b) - inRack(a) || (load.get(b) ?? 0) - (load.get(a) ?? 0) || b - a,
    )[0]!
    to.splice(to.indexOf(gone), 1)
    count(gone, -1)
  }
  return to
}

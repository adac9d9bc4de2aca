/**
 * The partitions of one subscription that this process holds.
 * @module
 */
import type { TopicPartition } from '../transport/index.ts'
import type { PartitionWork } from './partition-work.ts'

export class HeldPartitions {
  private readonly byName = new Map<string, PartitionWork>()
  private readonly byLane: PartitionWork[][]

  constructor(lanes: number) {
    this.byLane = Array.from({ length: lanes }, () => [])
  }

  get({ topic, partition }: TopicPartition): PartitionWork | undefined {
    return this.byName.get(`${topic}/${partition}`)
  }

  values(): Iterable<PartitionWork> {
    return this.byName.values()
  }

  ofLane(lane: number): readonly PartitionWork[] {
    return this.byLane[lane]!
  }

  /** Takes the place of an earlier holding of the same partition. */
  add(work: PartitionWork): void {
    const earlier = this.get(work)
    if (earlier) this.remove(earlier)
    this.byName.set(`${work.topic}/${work.partition}`, work)
    this.byLane[work.lane]!.push(work)
  }

  remove(work: PartitionWork): void {
    if (this.get(work) !== work) return
    this.byName.delete(`${work.topic}/${work.partition}`)
    const lane = this.byLane[work.lane]!
    lane.splice(lane.indexOf(work), 1)
  }
}

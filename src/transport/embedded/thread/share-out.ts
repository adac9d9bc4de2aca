/**
 * Which member should hold which partition: even by topic, and as few moves as possible.
 * @module
 */
import type { TopicPartition } from '../../index.ts'
import { type Member, partitionKey } from './member.ts'

type Target = Map<string, Map<string, TopicPartition>>

/**
 * The target by member id. In each topic no member gets two partitions more than another; a member keeps what it
 * holds as far as that allows; the odd ones go to whoever has least over all topics.
 */
export function shareOut(members: readonly Member[], partitionsOf: (topic: string) => number | undefined): Target {
  const target: Target = new Map(members.map((member) => [member.spec.id, new Map()]))
  const topics = new Set(members.flatMap((member) => [...member.spec.topics]))
  for (const topic of [...topics].sort()) {
    const takers = members.filter((member) => member.spec.topics.includes(topic))
    shareTopic(topic, partitionsOf(topic) ?? 0, takers, target)
  }
  return target
}

function shareTopic(topic: string, partitions: number, takers: readonly Member[], target: Target): void {
  const quota = quotas(topic, partitions, takers, target)
  const homeless: TopicPartition[] = []
  for (let partition = 0; partition < partitions; partition++) {
    const wanted = { topic, partition }
    const key = partitionKey(wanted)
    const holder = takers.find((member) => member.held.has(key) && member.held.get(key)!.deadline === undefined)
    if (holder !== undefined && quota.get(holder.spec.id)! > 0) give(holder, wanted, quota, target)
    else homeless.push(wanted)
  }
  for (const wanted of homeless) {
    const taker = takers.find((member) => quota.get(member.spec.id)! > 0)
    if (taker !== undefined) give(taker, wanted, quota, target)
  }
}

function give(member: Member, partition: TopicPartition, quota: Map<string, number>, target: Target): void {
  quota.set(member.spec.id, quota.get(member.spec.id)! - 1)
  target.get(member.spec.id)!.set(partitionKey(partition), partition)
}

/** How many partitions of the topic each member gets. */
function quotas(topic: string, partitions: number, takers: readonly Member[], target: Target): Map<string, number> {
  const floor = Math.floor(partitions / Math.max(1, takers.length))
  const odd = partitions - floor * takers.length
  const byNeed = takers
    .map((member, index) => ({
      id: member.spec.id,
      index,
      has: target.get(member.spec.id)!.size,
      holds: [...member.held.values()].filter((held) => held.topic === topic && held.deadline === undefined).length,
    }))
    .sort((a, b) => a.has - b.has || b.holds - a.holds || a.index - b.index)
  return new Map(byNeed.map(({ id }, place) => [id, floor + (place < odd ? 1 : 0)]))
}

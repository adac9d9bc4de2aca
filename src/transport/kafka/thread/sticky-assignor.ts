/**
 * How the leader of a classic group shares partitions out: evenly, moving only what must move, and in two steps. What moves is first given
 * to nobody; only when its holder comes back without it, in the next generation, does somebody else get it. So no partition is ever held
 * twice. Pure.
 * @module
 */
import type { TopicPartition } from '../../index.ts'

/** A member as it describes itself when it joins. */
export interface Subscriber {
  readonly memberId: string
  readonly topics: readonly string[]
  /** What it holds, or may hold at any moment. */
  readonly claims: readonly TopicPartition[]
  /** The generation it got its claims in; of two that claim the same, the later one is right. */
  readonly generation: number
}

interface Share {
  readonly subscriber: Subscriber
  readonly topics: ReadonlySet<string>
  readonly byTopic: Map<string, number[]>
  size: number
}

/**
 * @param counts partitions of every topic that exists
 * @returns what each member is to hold in this generation, by member
 */
export function assign(
  subscribers: readonly Subscriber[],
  counts: ReadonlyMap<string, number>,
): ReadonlyMap<string, readonly TopicPartition[]> {
  const shares = [...subscribers]
    .sort((one, other) => (one.memberId < other.memberId ? -1 : 1))
    .map((subscriber): Share => ({ subscriber, topics: new Set(subscriber.topics), byTopic: new Map(), size: 0 }))
  const claims = claimsOf(shares)
  for (const [topic, partitions] of counts) {
    for (let partition = 0; partition < partitions; partition++) {
      const owner = ownerOf(claims.get(keyOf({ topic, partition })) ?? [])
      const share = owner?.topics.has(topic) === true ? owner : undefined
      if (share !== undefined) give(share, topic, partition)
    }
  }
  const taken = new Set(shares.flatMap((share) => placesOf(share).map(keyOf)))
  for (const [topic, partitions] of counts) {
    for (let partition = 0; partition < partitions; partition++) {
      if (taken.has(keyOf({ topic, partition }))) continue
      const share = leastOf(shares, topic)
      if (share !== undefined) give(share, topic, partition)
    }
  }
  while (level(shares)) {
    // One partition at a time.
  }
  return new Map(
    shares.map((share) => [
      share.subscriber.memberId,
      placesOf(share).filter((place) => isFree(claims.get(keyOf(place)) ?? [], share)),
    ]),
  )
}

function claimsOf(shares: readonly Share[]): ReadonlyMap<string, readonly Share[]> {
  const claims = new Map<string, Share[]>()
  for (const share of shares) {
    for (const place of share.subscriber.claims) {
      const already = claims.get(keyOf(place))
      if (already === undefined) claims.set(keyOf(place), [share])
      else already.push(share)
    }
  }
  return claims
}

/** Undefined when two of the same generation claim it: neither is right. */
function ownerOf(claimants: readonly Share[]): Share | undefined {
  const latest = Math.max(...claimants.map(({ subscriber }) => subscriber.generation))
  const owners = claimants.filter(({ subscriber }) => subscriber.generation === latest)
  return owners.length === 1 ? owners[0] : undefined
}

/** Whether a partition may be given to this member now: nobody else claims it, or it is this one's own. */
function isFree(claimants: readonly Share[], share: Share): boolean {
  return claimants.every((each) => each === share) || ownerOf(claimants) === share
}

/** The subscriber of the topic that has the least, of equal ones that with the least of this topic. */
function leastOf(shares: readonly Share[], topic: string): Share | undefined {
  let least: Share | undefined
  for (const share of shares) {
    if (!share.topics.has(topic)) continue
    if (least === undefined || share.size < least.size) least = share
    else if (share.size === least.size && countOf(share, topic) < countOf(least, topic)) least = share
  }
  return least
}

/**
 * Moves one partition from a member to one that has at least two fewer; of the topic they differ most in, so that every topic is spread.
 * @returns whether there was one to move
 */
function level(shares: readonly Share[]): boolean {
  const byLoad = [...shares].sort((one, other) => other.size - one.size)
  for (const from of byLoad) {
    for (const to of byLoad.toReversed()) {
      if (from.size - to.size < 2) break
      const topic = topicToMove(from, to)
      if (topic === undefined) continue
      give(to, topic, from.byTopic.get(topic)!.pop()!)
      from.size--
      return true
    }
  }
  return false
}

function topicToMove(from: Share, to: Share): string | undefined {
  let best: string | undefined
  for (const [topic, { length }] of from.byTopic) {
    if (length === 0 || !to.topics.has(topic)) continue
    if (best === undefined || length - countOf(to, topic) > countOf(from, best) - countOf(to, best)) best = topic
  }
  return best
}

function give(share: Share, topic: string, partition: number): void {
  const partitions = share.byTopic.get(topic)
  if (partitions === undefined) share.byTopic.set(topic, [partition])
  else partitions.push(partition)
  share.size++
}

function placesOf({ byTopic }: Share): TopicPartition[] {
  return [...byTopic].flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })))
}

function countOf({ byTopic }: Share, topic: string): number {
  return byTopic.get(topic)?.length ?? 0
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`
}

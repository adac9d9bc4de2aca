/**
 * What a member holds, and what it is to hold. Pure: no time, no broker.
 * @module
 */
import type { AssignedPartition, TopicPartition } from '../../index.ts'
import type { Grant } from '../protocol.ts'

/** A partition as the group names it: by the topic's id, or by its name where that is all the protocol has. */
export interface Place {
  readonly topicId: string
  readonly partition: number
}

interface Held extends Grant {
  readonly topicId: string
  /** Asked back, and not released yet. */
  isRevoking: boolean
}

export class Holdings {
  readonly #held = new Map<string, Held>()
  #target = new Map<string, Place>()
  #lastGrant = 0

  /**
   * What the coordinator wants this member to hold from now on. A place that stays wanted stays the same object.
   * @returns what must be given back for it, each once
   */
  aim(places: readonly Place[]): Grant[] {
    this.#target = new Map(places.map((place) => [keyOf(place), this.#target.get(keyOf(place)) ?? place]))
    const revoked: Grant[] = []
    for (const [key, held] of this.#held) {
      if (this.#target.has(key) || held.isRevoking) continue
      held.isRevoking = true
      revoked.push(plain(held))
    }
    return revoked
  }

  /** Whether anything is to be held. */
  get isAimed(): boolean {
    return this.#target.size > 0
  }

  /** What is to be held and is not. */
  missing(): Place[] {
    return [...this.#target].flatMap(([key, place]) => (this.#held.has(key) ? [] : [place]))
  }

  /**
   * @param place as `missing` gave it: when it was unwanted meanwhile, another member may have moved its position
   * @returns undefined when it is not wanted any more, or held already
   */
  give(
    place: Place,
    begin: Omit<AssignedPartition, keyof TopicPartition> & { topic: string },
  ): (AssignedPartition & Grant) | undefined {
    const key = keyOf(place)
    if (this.#target.get(key) !== place || this.#held.has(key)) return undefined
    const { topicId, partition } = place
    const { topic, committedOffset, metadata } = begin
    const grant = ++this.#lastGrant
    this.#held.set(key, { topicId, topic, partition, grant, isRevoking: false })
    return { topic, partition, grant, committedOffset, metadata }
  }

  release(partitions: readonly Grant[]): void {
    const grants = new Set(partitions.map(({ grant }) => grant))
    for (const [key, { grant }] of this.#held) if (grants.has(grant)) this.#held.delete(key)
  }

  /** Whether this very giving still counts. */
  holds({ topic, partition, grant }: Grant): boolean {
    for (const held of this.#held.values()) {
      if (held.grant === grant) return held.topic === topic && held.partition === partition
    }
    return false
  }

  /** As a heartbeat says it. */
  owned(): { topicId: string; partitions: number[] }[] {
    const topics = new Map<string, number[]>()
    for (const { topicId, partition } of this.#held.values()) {
      topics.set(topicId, [...(topics.get(topicId) ?? []), partition])
    }
    return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }))
  }

  /** What nobody else may be given yet: what is held, also while it is asked back, and what may be handed out at any moment. */
  claims(): Place[] {
    return [...new Map<string, Place>([...this.#target, ...this.#held]).values()].map(({ topicId, partition }) => {
      return { topicId, partition }
    })
  }

  /** Whether one of these is claimed no more. */
  hasGivenUp(claimed: readonly Place[]): boolean {
    return claimed.some((place) => !this.#held.has(keyOf(place)) && !this.#target.has(keyOf(place)))
  }

  /** Everything is gone. */
  clear(): Grant[] {
    const all = [...this.#held.values()].map(plain)
    this.#held.clear()
    this.#target.clear()
    return all
  }
}

function plain({ topic, partition, grant }: Grant): Grant {
  return { topic, partition, grant }
}

function keyOf({ topicId, partition }: Place): string {
  return `${partition}/${topicId}`
}

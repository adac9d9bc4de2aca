/**
 * What a member holds, and what it is to hold. Pure: no time, no broker.
 * @module
 */
import type { AssignedPartition } from '../../index.ts'
import type { Grant } from '../protocol.ts'

/** A partition as the coordinator names it. */
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
   * What the coordinator wants this member to hold from now on.
   * @returns what must be given back for it, each once
   */
  aim(places: readonly Place[]): Grant[] {
    this.#target = new Map(places.map((place) => [keyOf(place), place]))
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

  /** Undefined when it is not wanted any more, or held already. */
  give(begin: AssignedPartition & Place): (AssignedPartition & Grant) | undefined {
    const key = keyOf(begin)
    if (!this.#target.has(key) || this.#held.has(key)) return undefined
    const { topicId, topic, partition, committedOffset, metadata } = begin
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

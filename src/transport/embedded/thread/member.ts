/**
 * A member of a group as the coordinator sees it.
 * @module
 */
import type { TopicPartition } from '../../index.ts'
import type { Grant } from '../protocol.ts'

export interface MemberSpec {
  /** Unique for ever: a member that was dropped and joins again has a new id, so what it sent before is fenced. */
  readonly id: string
  readonly group: string
  readonly clientId: string
  readonly topics: readonly string[]
  readonly startAt: 'earliest' | 'latest'
  /** Infinity for members that cannot go silent. */
  readonly sessionTimeoutMs: number
}

export interface Held extends Grant {
  /** When the member must have given it back; undefined while it may keep it. */
  deadline?: number
}

export interface Member {
  readonly spec: MemberSpec
  readonly held: Map<string, Held>
  lastHeard: number
}

/** One text by partition, for maps. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`
}

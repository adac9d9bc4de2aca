/**
 * Group membership as a pure state machine: who holds which partition, who must give one back, who is gone.
 * It knows no clock, no connection and no file; `now` comes in, effects go out.
 * @module
 */
import type { TopicPartition } from '../../index.ts'
import type { Grant } from '../protocol.ts'
import { type Member, type MemberSpec, partitionKey } from './member.ts'
import { shareOut } from './share-out.ts'

export type Effect =
  | { readonly type: 'assign'; readonly member: MemberSpec; readonly partitions: readonly Grant[] }
  | { readonly type: 'revoke'; readonly member: MemberSpec; readonly partitions: readonly Grant[] }
  /** Taken without asking. `expelled`: the membership is gone too. */
  | {
      readonly type: 'lost'
      readonly member: MemberSpec
      readonly partitions: readonly TopicPartition[]
      readonly expelled: boolean
    }

export class Coordinator {
  readonly #rebalanceTimeoutMs: number
  /** Number of partitions of a topic; undefined when it does not exist. */
  readonly #partitionsOf: (topic: string) => number | undefined
  readonly #members = new Map<string, Member>()
  #effects: Effect[] = []
  #lastGrant = 0

  constructor(rebalanceTimeoutMs: number, partitionsOf: (topic: string) => number | undefined) {
    this.#rebalanceTimeoutMs = rebalanceTimeoutMs
    this.#partitionsOf = partitionsOf
  }

  /** Adds a member. */
  join(spec: MemberSpec, now: number): Effect[] {
    this.#members.set(spec.id, { spec, held: new Map(), lastHeard: now })
    return this.#rebalance(spec.group, now)
  }

  /** Removes a member that goes by itself; what it held is free. */
  leave(memberId: string, now: number): Effect[] {
    const member = this.#members.get(memberId)
    if (member === undefined) return []
    this.#members.delete(memberId)
    return this.#rebalance(member.spec.group, now)
  }

  /** The member has stopped work on these partitions. Those it may keep after all come back with the effects. */
  released(memberId: string, partitions: readonly Grant[], now: number): Effect[] {
    const member = this.#members.get(memberId)
    if (member === undefined) return []
    for (const partition of partitions) {
      const key = partitionKey(partition)
      const held = member.held.get(key)
      // The answer to an earlier question may come late: after the partition was taken, given again and asked for again.
      if (held?.deadline !== undefined && held.grant === partition.grant) member.held.delete(key)
    }
    return this.#rebalance(member.spec.group, now)
  }

  heard(memberId: string, now: number): void {
    const member = this.#members.get(memberId)
    if (member !== undefined) member.lastHeard = now
  }

  /** Topics were made or deleted. */
  topicsChanged(now: number): Effect[] {
    return this.groups().flatMap((group) => this.#rebalance(group, now))
  }

  /** Drops silent members and takes partitions that were not given back in time. */
  tick(now: number): Effect[] {
    const effects: Effect[] = []
    const touched = new Set<string>()
    for (const member of this.#members.values()) {
      const expelled = now - member.lastHeard >= member.spec.sessionTimeoutMs
      const late = [...member.held.values()].filter((held) => expelled || (held.deadline ?? Infinity) <= now)
      if (!expelled && late.length === 0) continue
      touched.add(member.spec.group)
      if (expelled) this.#members.delete(member.spec.id)
      for (const partition of late) member.held.delete(partitionKey(partition))
      effects.push({ type: 'lost', member: member.spec, partitions: late.map(plain), expelled })
    }
    for (const group of touched) effects.push(...this.#rebalance(group, now))
    return effects
  }

  /** Whether the member holds all of these, so that its commit counts. A partition it is giving back is still held. */
  holds(memberId: string, partitions: readonly Grant[]): boolean {
    const held = this.#members.get(memberId)?.held
    return held !== undefined && partitions.every((mine) => held.get(partitionKey(mine))?.grant === mine.grant)
  }

  /** Group of a member that exists. */
  groupOf(memberId: string): string {
    return this.#members.get(memberId)!.spec.group
  }

  members(group: string): Member[] {
    return [...this.#members.values()].filter((member) => member.spec.group === group)
  }

  groups(): string[] {
    return [...new Set([...this.#members.values()].map((member) => member.spec.group))]
  }

  #rebalance(group: string, now: number): Effect[] {
    this.#effects = []
    const members = this.members(group)
    const target = shareOut(members, this.#partitionsOf)
    for (const member of members) this.#shrink(member, target.get(member.spec.id)!, now)
    const taken = new Set(members.flatMap((member) => [...member.held.keys()]))
    for (const member of members) this.#grow(member, target.get(member.spec.id)!, taken)
    return this.#effects
  }

  /** Asks back what the target gives to others; takes what does not exist any more. */
  #shrink(member: Member, target: ReadonlyMap<string, TopicPartition>, now: number): void {
    const revoke: Grant[] = []
    const gone: TopicPartition[] = []
    for (const [key, held] of member.held) {
      if (held.partition >= (this.#partitionsOf(held.topic) ?? 0)) {
        member.held.delete(key)
        gone.push(plain(held))
      } else if (!target.has(key) && held.deadline === undefined) {
        held.deadline = now + this.#rebalanceTimeoutMs
        revoke.push(granted(held))
      }
    }
    const { spec } = member
    if (gone.length > 0) this.#effects.push({ type: 'lost', member: spec, partitions: gone, expelled: false })
    if (revoke.length > 0) this.#effects.push({ type: 'revoke', member: spec, partitions: revoke })
  }

  /** Hands out what the target gives and nobody holds; the rest comes when its holder has let go. */
  #grow(member: Member, target: ReadonlyMap<string, TopicPartition>, taken: Set<string>): void {
    const assign: Grant[] = []
    for (const [key, partition] of target) {
      if (taken.has(key)) continue
      taken.add(key)
      const given = { ...plain(partition), grant: ++this.#lastGrant }
      member.held.set(key, given)
      assign.push(granted(given))
    }
    if (assign.length > 0) this.#effects.push({ type: 'assign', member: member.spec, partitions: assign })
  }
}

function granted({ topic, partition, grant }: Grant): Grant {
  return { topic, partition, grant }
}

function plain({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}

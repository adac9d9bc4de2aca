/**
 * One consumer group of a simulated cluster: who holds which partition, where the group stands, and how that changes hands.
 * @module
 */
import {
  Fenced,
  type AppendRecord,
  type AssignedPartition,
  type CommitPosition,
  type TopicPartition,
} from '../../src/transport/index.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'
import type { OwnerChange } from './history.ts'

/** What the group needs of a member; the consumer implements it. */
export interface GroupMember {
  readonly client: string
  readonly topics: readonly string[]
  readonly startAt: 'earliest' | 'latest'
  /** Partitions are its from now on. */
  give(partitions: readonly Holding[]): void
  /** Asks them back; `returned` is called once when the member let go. */
  takeBack(holdings: readonly Holding[], returned: () => void): void
  /** Its membership ended without being asked. It may learn so late. */
  expelled(noticeAfterMs: number): void
}

/** One partition in one member's hand: what fences everybody who held it before. */
export interface Holding extends AssignedPartition {
  readonly member: GroupMember
  beingReturned: boolean
}

const nothing = new Uint8Array()
const nameOf = (at: TopicPartition): string => `${at.topic}/${at.partition}`

export class SimulatedGroup {
  readonly members = new Set<GroupMember>()
  readonly #cluster: SimulatedCluster
  readonly #name: string
  readonly #holdings = new Map<string, Holding>()
  readonly #positions = new Map<string, { topic: string; partition: number; offset: number; metadata: Uint8Array }>()

  constructor(cluster: SimulatedCluster, name: string) {
    this.#cluster = cluster
    this.#name = name
  }

  get positions(): readonly (TopicPartition & { offset: number; metadata: Uint8Array })[] {
    return [...this.#positions.values()]
  }

  get holdings(): readonly Holding[] {
    return [...this.#holdings.values()]
  }

  /** Whether this holding is the valid one. */
  holds(holding: Holding): boolean {
    return this.#holdings.get(nameOf(holding)) === holding
  }

  join(member: GroupMember): void {
    this.members.add(member)
    this.rebalance()
  }

  /** The member went in good order. */
  leave(member: GroupMember): void {
    this.#end(member, 'left')
  }

  /** The member was not heard of for too long, or did not give back what was asked. It learns `noticeAfterMs` later. */
  expire(member: GroupMember, change: 'expired' | 'expelled', noticeAfterMs = 0): void {
    if (!this.members.has(member)) return
    this.#end(member, change)
    member.expelled(noticeAfterMs)
  }

  #end(member: GroupMember, change: OwnerChange): void {
    this.members.delete(member)
    for (const holding of this.#holdings.values()) if (holding.member === member) this.#drop(holding, change)
    this.rebalance()
  }

  /** Stores all positions, or none when any of them is not held any more. @throws Fenced */
  commit(
    member: GroupMember,
    positions: readonly (CommitPosition & { holding: Holding | undefined })[],
    staged: readonly AppendRecord[] = [],
  ): void {
    const at = this.#cluster.clock.monotonic()
    for (const { topic, partition, holding } of positions) {
      if (holding && this.holds(holding)) continue
      this.#cluster.record({ kind: 'fenced', at, client: member.client, group: this.#name, topic, partition })
      throw new Fenced(`Group ${this.#name}: ${topic}/${partition} is not held by ${member.client} any more.`)
    }
    for (const record of staged) this.#cluster.check(record)
    for (const { topic, partition, offset, metadata } of positions) {
      this.#positions.set(nameOf({ topic, partition }), { topic, partition, offset, metadata })
      const entry = { client: member.client, group: this.#name, topic, partition, offset, metadata }
      this.#cluster.record({ kind: 'commit', at, ...entry })
    }
    for (const { dedupe: _dedupe, ...record } of staged) this.#cluster.store(member.client, record)
  }

  /** Asks one partition back from whoever has it, as a rebalance at an awkward moment does. */
  shake(pick: (count: number) => number): void {
    const held = this.holdings.filter((holding) => !holding.beingReturned)
    const holding = held[pick(held.length)]
    if (holding) this.#takeBack(holding.member, [holding])
  }

  /** Shares the partitions out evenly, moving as few as possible. */
  rebalance(): void {
    const given = new Map<GroupMember, Holding[]>()
    const taken = new Map<GroupMember, Holding[]>()
    for (const [at, member] of this.#target()) {
      const holding = this.#holdings.get(nameOf(at))
      if (!holding) collect(given, member, this.#hold(at, member))
      else if (holding.member !== member && !holding.beingReturned) collect(taken, holding.member, holding)
    }
    for (const [member, holdings] of given) member.give(holdings)
    for (const [member, holdings] of taken) this.#takeBack(member, holdings)
  }

  #target(): [TopicPartition, GroupMember][] {
    const members = [...this.members]
    const wanted = this.#partitions()
    if (members.length === 0) return []
    const load = new Map(members.map((member) => [member, 0]))
    const limit = Math.ceil(wanted.length / members.length)
    let atLimit = wanted.length % members.length || members.length
    const target: [TopicPartition, GroupMember][] = []
    const homeless: TopicPartition[] = []
    for (const at of wanted) {
      const owner = this.#holdings.get(nameOf(at))?.member
      const count = owner && load.get(owner)
      if (!owner || count === undefined || count >= limit || (count === limit - 1 && atLimit === 0)) homeless.push(at)
      else {
        if (count === limit - 1) atLimit--
        load.set(owner, count + 1)
        target.push([at, owner])
      }
    }
    for (const at of homeless) {
      const able = members.filter((member) => member.topics.includes(at.topic))
      const member = able.reduce((least, other) => (load.get(other)! < load.get(least)! ? other : least))
      load.set(member, load.get(member)! + 1)
      target.push([at, member])
    }
    return target
  }

  #partitions(): TopicPartition[] {
    const topics = new Set([...this.members].flatMap((member) => member.topics))
    return [...topics].flatMap((topic) =>
      (this.#cluster.topics.get(topic)?.partitions ?? []).map((_, partition) => ({ topic, partition })),
    )
  }

  #hold(at: TopicPartition, member: GroupMember): Holding {
    const { earliest, end } = this.#cluster.partition(at.topic, at.partition)
    const position = this.#positions.get(nameOf(at))
    const start = member.startAt === 'latest' ? end : earliest
    const { offset: committedOffset, metadata } = position ?? { offset: start, metadata: nothing }
    const holding: Holding = { ...at, committedOffset, metadata, member, beingReturned: false }
    this.#holdings.set(nameOf(at), holding)
    this.#note(holding, 'assigned')
    return holding
  }

  #takeBack(member: GroupMember, holdings: readonly Holding[]): void {
    for (const holding of holdings) holding.beingReturned = true
    const tooLate = this.#cluster.clock.setTimer(
      this.#cluster.rebalanceTimeoutMs,
      () => this.expire(member, 'expelled'),
      { unref: true },
    )
    member.takeBack(holdings, () => {
      tooLate.cancel()
      for (const holding of holdings) this.#drop(holding, 'released')
      this.rebalance()
    })
  }

  #drop(holding: Holding, change: OwnerChange): void {
    if (!this.holds(holding)) return
    this.#holdings.delete(nameOf(holding))
    this.#note(holding, change)
  }

  #note({ topic, partition, member }: Holding, change: OwnerChange): void {
    const at = this.#cluster.clock.monotonic()
    this.#cluster.record({ kind: 'owner', at, group: this.#name, topic, partition, change, client: member.client })
  }
}

function collect<K, V>(into: Map<K, V[]>, key: K, value: V): void {
  const list = into.get(key)
  if (list) list.push(value)
  else into.set(key, [value])
}

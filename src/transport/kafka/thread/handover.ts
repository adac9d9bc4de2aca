/**
 * Partitions on their way between the group and the main thread, the same under both protocols for groups. The order of a change: the group
 * leaves a partition out of what this member is to hold; `revoke` goes to the main thread; when that says `released`, the partition is held
 * no more; only then may the group hear that it is free.
 * @module
 */
import { isVeltrixError } from '../../../errors.ts'
import type { Needs } from '../access.ts'
import { toTransportError } from '../broker-errors.ts'
import type { Cluster } from '../cluster.ts'
import type { FromThread, Grant, ToThread } from '../protocol.ts'
import { toWire } from '../wire-errors.ts'
import type { MemberIdentity } from './committed.ts'
import type { Coordinator } from './coordinator.ts'
import { Holdings, type Place } from './holdings.ts'
import { startPositions } from './start-positions.ts'

export type Join = Extract<ToThread, { op: 'join' }>

/** The rights that a member needs. */
export function needsOf(cluster: Cluster, { group, topics }: Join): Needs {
  return { user: cluster.user, group: ['Read', group], topic: ['Describe', topics.join(', ')] }
}

/** The topic that a place is in; undefined while it is not known here. */
export type TopicOf = (place: Place) => string | undefined

export class Handover {
  readonly holdings = new Holdings()
  readonly #cluster: Cluster
  readonly #join: Join
  readonly #push: (message: FromThread) => void
  readonly #coordinator: Coordinator
  readonly #member: MemberIdentity
  readonly #topicOf: TopicOf
  /** When each partition was asked back that is not released yet, by the number of its giving. */
  readonly #askedAt = new Map<number, number>()
  #isAssigning = false
  /** Why the group could not be joined, as told last. */
  #told: string | undefined
  #isOver = false

  constructor(
    cluster: Cluster,
    join: Join,
    push: (message: FromThread) => void,
    coordinator: Coordinator,
    member: MemberIdentity,
    topicOf: TopicOf,
  ) {
    this.#cluster = cluster
    this.#join = join
    this.#push = push
    this.#coordinator = coordinator
    this.#member = member
    this.#topicOf = topicOf
  }

  /** What the group wants this member to hold from now on. */
  aim(places: readonly Place[]): void {
    if (this.#isOver) return
    const revoked = this.holdings.aim(places)
    const now = this.#cluster.clock.monotonic()
    for (const { grant } of revoked) this.#askedAt.set(grant, now)
    if (revoked.length > 0) this.#push({ push: 'revoke', consumer: this.#join.consumer, partitions: revoked })
    this.assign()
  }

  /** Hands out what the group gave and is not handed out yet. Heartbeats go on meanwhile. */
  assign(): void {
    if (!this.#isAssigning && !this.#isOver && this.holdings.missing().length > 0) void this.#assign()
  }

  released(partitions: readonly Grant[]): void {
    for (const { grant } of partitions) this.#askedAt.delete(grant)
    this.holdings.release(partitions)
    this.assign()
  }

  /** Whether something was asked back longer ago than a member may take to give it back. */
  get isOverdue(): boolean {
    const { clock, options } = this.#cluster
    const latest = clock.monotonic() - options.rebalanceTimeoutMs
    return [...this.#askedAt.values()].some((at) => at < latest)
  }

  /** The group has gone on without this member. */
  loseAll(): void {
    const lost = this.holdings.clear()
    this.#askedAt.clear()
    if (lost.length > 0) this.#push({ push: 'lost', consumer: this.#join.consumer, partitions: lost })
  }

  /** The member leaves: nothing is handed out any more. */
  end(): void {
    this.#isOver = true
  }

  /** Says why the group cannot be joined, which is tried again: once for each reason, until `joined`. */
  tell(reason: Error): void {
    if (this.#told !== reason.message) this.failed(reason)
    this.#told = reason.message
  }

  joined(): void {
    this.#told = undefined
  }

  failed(error: Error): void {
    this.#push({ push: 'failed', consumer: this.#join.consumer, error: toWire(error) })
  }

  async #assign(): Promise<void> {
    this.#isAssigning = true
    try {
      await this.#handOut(this.holdings.missing())
    } catch (error) {
      // The next heartbeat tries again.
      const reason = toTransportError(error, `begin with the partitions of the group "${this.#join.group}"`)
      if (isVeltrixError(reason) && !reason.retryable) this.failed(reason)
    } finally {
      this.#isAssigning = false
    }
  }

  async #handOut(news: readonly Place[]): Promise<void> {
    const { topics, startAt, consumer } = this.#join
    await this.#cluster.refresh(topics)
    const named = news.flatMap((place) => {
      const topic = this.#topicOf(place)
      return topic === undefined ? [] : [{ place, topic, partition: place.partition }]
    })
    const begins = await startPositions(this.#cluster, this.#coordinator, this.#member, named, startAt)
    // Meanwhile it may have been taken away, or all been lost: then this giving is over before it began.
    if (this.#isOver) return
    const given = begins.flatMap((begin) => this.holdings.give(begin.place, begin) ?? [])
    if (given.length > 0) this.#push({ push: 'assigned', consumer, partitions: given })
  }
}

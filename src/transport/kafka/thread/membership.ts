/**
 * One member of one group, on Kafka's own protocol for it (KIP-848): a loop of heartbeats that say what is held, answered with what is to be
 * held. The order of a change: the coordinator leaves a partition out of its answer; `revoke` goes to the main thread; when that says
 * `released`, the next heartbeat no longer names the partition; only then is it given to another member.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Timer } from '../../../clock.ts'
import { isVeltrixError } from '../../../errors.ts'
import { Fenced, LogUnavailable, NotAuthenticated, type CommitPosition } from '../../index.ts'
import { toTransportError, troubleOf } from '../broker-errors.ts'
import type { Cluster } from '../cluster.ts'
import { code } from '../error-codes.ts'
import type { FromThread, Grant, ToThread } from '../protocol.ts'
import { toWire } from '../wire-errors.ts'
import { Commits } from './commits.ts'
import { Coordinator } from './coordinator.ts'
import { Holdings, type Place } from './holdings.ts'
import { settleSession } from './session.ts'
import { startPositions } from './start-positions.ts'

export type Join = Extract<ToThread, { op: 'join' }>

const leaving = -1
/** So many heartbeats of a new member follow quickly: what it is to hold is often known only with the second. */
const quickBeats = 10

export class Membership {
  readonly #cluster: Cluster
  readonly #join: Join
  readonly #push: (message: FromThread) => void
  readonly #coordinator: Coordinator
  readonly #commits: Commits
  readonly #holdings = new Holdings()
  readonly #member = { id: randomUUID() as string, epoch: 0 }
  readonly #ended: Promise<void>
  #sessionTimeoutMs = 45_000
  #intervalMs: number
  #heardAt: number
  #quickBeats = quickBeats
  #isLeaving = false
  #isAssigning = false
  #isRefused = false
  /** Ends the pause between two heartbeats. */
  #wake: (() => void) | undefined
  #isPoked = false

  constructor(cluster: Cluster, join: Join, push: (message: FromThread) => void) {
    this.#cluster = cluster
    this.#join = join
    this.#push = push
    this.#intervalMs = cluster.options.heartbeatIntervalMs
    this.#heardAt = cluster.clock.monotonic()
    this.#coordinator = new Coordinator(cluster, join.group)
    this.#commits = new Commits(cluster, this.#coordinator, this.#member, this.#holdings, () => this.#poke())
    this.#ended = this.#run()
  }

  /** @throws Fenced, LogUnavailable, MetadataTooLarge */
  commit(positions: readonly (CommitPosition & { readonly grant: number })[]): Promise<void> {
    return this.#commits.commit(positions)
  }

  released(partitions: readonly Grant[]): void {
    this.#holdings.release(partitions)
    this.#poke()
  }

  /** Says goodbye, so that the others need not wait for the session to end. */
  async leave(): Promise<void> {
    this.#isLeaving = true
    this.#poke()
    await this.#ended
    this.#holdings.clear()
    if (this.#member.epoch === 0) return
    await this.#heartbeat(leaving).catch(() => this.#heartbeat(leaving).catch(() => {}))
  }

  async #run(): Promise<void> {
    await this.#begin()
    while (!this.#isLeaving) {
      let pauseMs = this.#intervalMs
      try {
        this.#checkSession()
        await this.#beat()
        pauseMs = this.#nextPause()
      } catch (error) {
        pauseMs = this.#troubled(error)
      }
      await this.#pause(pauseMs)
    }
  }

  #nextPause(): number {
    if (this.#quickBeats === 0 || this.#holdings.isAimed) return this.#intervalMs
    this.#quickBeats--
    return Math.min(this.#intervalMs, this.#cluster.options.retryBackoffMs)
  }

  async #begin(): Promise<void> {
    try {
      this.#sessionTimeoutMs = await settleSession(this.#cluster, this.#join.group, this.#join.sessionTimeoutMs)
    } catch {
      // It stays at the broker's default; the heartbeat tells what is wrong.
    }
    this.#heardAt = this.#cluster.clock.monotonic()
  }

  async #beat(): Promise<void> {
    const sentAt = this.#cluster.clock.monotonic()
    const answer = await this.#heartbeat(this.#member.epoch)
    this.#heardAt = sentAt
    this.#isRefused = false
    this.#member.epoch = answer.memberEpoch
    this.#commits.heard()
    this.#intervalMs = Math.min(answer.heartbeatIntervalMs, this.#cluster.options.heartbeatIntervalMs)
    if (answer.assignment === null || this.#isLeaving) return
    const revoked = this.#holdings.aim(
      answer.assignment.topicPartitions.flatMap(({ topicId, partitions }) =>
        partitions.map((partition) => ({ topicId, partition })),
      ),
    )
    if (revoked.length > 0) this.#push({ push: 'revoke', consumer: this.#join.consumer, partitions: revoked })
    void this.#assign()
  }

  #heartbeat(epoch: number) {
    const { client, options } = this.#cluster
    const { group, topics } = this.#join
    const owned = epoch > 0 ? this.#holdings.owned() : []
    return this.#coordinator.ask((connection) =>
      client.consumerGroupHeartbeatV1.api.async(
        connection,
        group,
        this.#member.id,
        epoch,
        null,
        options.rack === '' ? null : options.rack,
        options.rebalanceTimeoutMs,
        [...topics],
        null,
        null,
        owned,
      ),
    )
  }

  /** Hands out what the coordinator gave and is not handed out yet. Heartbeats go on meanwhile. */
  async #assign(): Promise<void> {
    if (this.#isAssigning) return
    this.#isAssigning = true
    try {
      const news = this.#holdings.missing()
      if (news.length > 0) await this.#handOut(news)
    } catch (error) {
      // The next heartbeat tries again.
      const reason = toTransportError(error, `begin with the partitions of the group "${this.#join.group}"`)
      if (isVeltrixError(reason) && !reason.retryable) this.#failed(reason)
    } finally {
      this.#isAssigning = false
    }
  }

  async #handOut(news: readonly Place[]): Promise<void> {
    const { epoch } = this.#member
    const { topics, startAt, consumer } = this.#join
    await this.#cluster.refresh(topics)
    const names = new Map(topics.map((topic) => [this.#cluster.topic(topic)?.id, topic]))
    const named = news.flatMap((place) => {
      const topic = names.get(place.topicId)
      return topic === undefined ? [] : [{ ...place, topic }]
    })
    const begins = await startPositions(this.#cluster, this.#coordinator, this.#member, named, startAt)
    // Meanwhile it may have been taken away, or all been lost: then this giving is over before it began.
    if (this.#isLeaving || this.#member.epoch < epoch) return
    const given = begins.flatMap((begin) => this.#holdings.give(begin) ?? [])
    if (given.length > 0) this.#push({ push: 'assigned', consumer, partitions: given })
  }

  /** A member that was not heard of for a session holds nothing any more, whatever it believes. */
  #checkSession(): void {
    if (this.#cluster.clock.monotonic() - this.#heardAt <= this.#sessionTimeoutMs) return
    this.#loseAll()
    this.#heardAt = this.#cluster.clock.monotonic()
  }

  /** @returns the pause before the next heartbeat */
  #troubled(error: unknown): number {
    const trouble = troubleOf(error)
    if (trouble?.apiCode === code.unknownMember || trouble?.apiCode === code.fencedMemberEpoch) {
      this.#loseAll()
      return 0
    }
    const { group, topics } = this.#join
    const reason = toTransportError(error, `stay in the group "${group}"`, {
      user: this.#cluster.user,
      group: ['Read', group],
      topic: ['Describe', topics.join(', ')],
    })
    // Refused while it runs: credentials that functions give may be right the next time. It is told once; the session decides the rest.
    if (reason instanceof NotAuthenticated) {
      if (!this.#isRefused) this.#failed(reason)
      this.#isRefused = true
    } else if (isVeltrixError(reason) && !reason.retryable) {
      this.#loseAll()
      this.#failed(reason)
      this.#isLeaving = true
    }
    return this.#cluster.options.retryBackoffMs
  }

  #loseAll(): void {
    this.#member.epoch = 0
    this.#quickBeats = quickBeats
    this.#commits.heard()
    const lost = this.#holdings.clear()
    if (lost.length > 0) this.#push({ push: 'lost', consumer: this.#join.consumer, partitions: lost })
  }

  #failed(error: Error): void {
    this.#push({ push: 'failed', consumer: this.#join.consumer, error: toWire(error) })
  }

  #poke(): void {
    this.#isPoked = true
    this.#wake?.()
  }

  #pause(pauseMs: number): Promise<void> {
    if (this.#isPoked || this.#isLeaving) {
      this.#isPoked = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const timer: Timer = this.#cluster.clock.setTimer(pauseMs, () => this.#wake?.())
      this.#wake = () => {
        timer.cancel()
        this.#wake = undefined
        this.#isPoked = false
        resolve()
      }
    })
  }
}

/** What is said when a group was left. */
export function notMember(): Fenced {
  return new Fenced('This member has left its group.')
}

export function threadEnding(): LogUnavailable {
  return new LogUnavailable('The log is being closed.')
}

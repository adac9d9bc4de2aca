/**
 * A member under Kafka's newer protocol for groups (KIP-848, `group.protocol=consumer`): a loop of heartbeats that say what is held,
 * answered with what is to be held. A partition that was asked back is given to another member only after a heartbeat no longer named it.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { isVeltrixError } from '../../../errors.ts'
import { LogUnavailable, LogVersionMismatch, NotAuthenticated, type AppendRecord } from '../../index.ts'
import { toTransportError, troubleOf } from '../broker-errors.ts'
import type { Connection } from '../client.ts'
import type { Cluster } from '../cluster.ts'
import { code, isGone } from '../error-codes.ts'
import type { FromThread, Grant } from '../protocol.ts'
import { Commits } from './commits.ts'
import { Coordinator } from './coordinator.ts'
import { Handover, needsOf, type Join } from './handover.ts'
import type { Place } from './holdings.ts'
import type { GrantedPosition, Membership } from './membership.ts'
import { Pace } from './pace.ts'
import { SessionEnd } from '../session-end.ts'
import { heartbeatTimeoutMs, SessionWatch } from './session-watch.ts'
import { settleSession } from './session.ts'
import { takenOver, unreleased } from './static-member.ts'

const leaving = -1
/** A static member that comes back soon: what it held is kept for it until its session ends. */
const leavingForNow = -2
/** So many heartbeats of a new member follow quickly: what it is to hold is often known only with the second. */
const quickBeats = 10

export class ConsumerMember implements Membership {
  readonly #cluster: Cluster
  readonly #join: Join
  readonly #refused: (() => void) | undefined
  readonly #coordinator: Coordinator
  readonly #handover: Handover
  readonly #commits: Commits
  readonly #pace: Pace
  readonly #session: SessionWatch
  readonly #member: { readonly id: string; epoch: number; readonly instanceId: string | null }
  readonly #ended: Promise<void>
  #sessionTimeoutMs = 45_000
  #intervalMs: number
  #quickBeats = quickBeats
  #isLeaving = false

  /** @param refused called once, before anything is held, when the broker does not take this group's members under this protocol */
  constructor(cluster: Cluster, join: Join, push: (message: FromThread) => void, refused?: () => void) {
    this.#cluster = cluster
    this.#join = join
    this.#refused = refused
    this.#intervalMs = cluster.options.heartbeatIntervalMs
    this.#session = new SessionWatch(cluster.clock, () => this.#loseAll(), new SessionEnd(join.session))
    this.#pace = new Pace(cluster.clock)
    this.#member = { id: randomUUID(), epoch: 0, instanceId: join.instanceId }
    this.#coordinator = new Coordinator(cluster, join.group)
    const topicOf = ({ topicId }: Place): string | undefined =>
      join.topics.find((topic) => cluster.topic(topic)?.id === topicId)
    this.#handover = new Handover(cluster, join, push, this.#coordinator, this.#member, topicOf)
    const poke = (): void => this.#pace.poke()
    this.#commits = new Commits(cluster, this.#coordinator, this.#member, this.#handover.holdings, poke)
    this.#ended = this.#run()
  }

  commit(positions: readonly GrantedPosition[], records?: readonly AppendRecord[]): Promise<void> {
    return this.#commits.commit(positions, records)
  }

  released(partitions: readonly Grant[]): void {
    this.#handover.released(partitions)
    this.#pace.poke()
  }

  async leave(): Promise<void> {
    this.#end()
    await this.#ended
    this.#handover.holdings.clear()
    if (this.#member.epoch === 0) return
    const epoch = this.#member.instanceId === null ? leaving : leavingForNow
    await this.#heartbeat(epoch).catch(() => this.#heartbeat(epoch).catch(() => {}))
  }

  async #run(): Promise<void> {
    await this.#begin()
    while (!this.#isLeaving) {
      let pauseMs = this.#intervalMs
      try {
        await this.#beat()
        pauseMs = this.#nextPause()
      } catch (error) {
        pauseMs = this.#troubled(error)
      }
      if (!this.#isLeaving) await this.#pace.pause(pauseMs)
    }
  }

  #nextPause(): number {
    if (this.#quickBeats === 0 || this.#handover.holdings.isAimed) return this.#intervalMs
    this.#quickBeats--
    return Math.min(this.#intervalMs, this.#cluster.options.retryBackoffMs)
  }

  async #begin(): Promise<void> {
    try {
      this.#sessionTimeoutMs = await settleSession(this.#cluster, this.#join.group, this.#join.sessionTimeoutMs)
    } catch {
      // It stays at the broker's default; the heartbeat tells what is wrong.
    }
  }

  async #beat(): Promise<void> {
    const sentAt = this.#cluster.clock.monotonic()
    const { epoch } = this.#member
    const answer = await this.#heartbeat(epoch)
    // Its session ended while it waited: the answer is for a member that is no more.
    if (this.#member.epoch !== epoch) return
    this.#session.heard(sentAt, this.#sessionTimeoutMs)
    this.#handover.joined()
    this.#member.epoch = answer.memberEpoch
    this.#commits.heard()
    this.#intervalMs = Math.min(answer.heartbeatIntervalMs, this.#cluster.options.heartbeatIntervalMs)
    if (this.#isLeaving) return
    if (answer.assignment === null) return this.#handover.assign()
    this.#handover.aim(
      answer.assignment.topicPartitions.flatMap(({ topicId, partitions }) =>
        partitions.map((partition) => ({ topicId, partition })),
      ),
    )
  }

  #heartbeat(epoch: number) {
    const { options } = this.#cluster
    const { group, topics } = this.#join
    const { id, instanceId } = this.#member
    const owned = epoch > 0 ? this.#handover.holdings.owned() : []
    const rack = options.rack === '' ? null : options.rack
    return this.#coordinator.askWithin(heartbeatTimeoutMs(this.#sessionTimeoutMs), async (connection) => {
      const request = await this.#request(connection)
      const { rebalanceTimeoutMs } = options
      return request(connection, group, id, epoch, instanceId, rack, rebalanceTimeoutMs, [...topics], null, null, owned)
    })
  }

  /** @throws LogVersionMismatch when the broker does not know the protocol */
  async #request(connection: Connection) {
    const request = await this.#cluster.negotiation.pickNewer(connection, 'ConsumerGroupHeartbeat')
    if (request === undefined) throw protocolUnknown(this.#join.group)
    return request.async
  }

  /** @returns the pause before the next heartbeat */
  #troubled(error: unknown): number {
    const errorCode = troubleOf(error)?.apiCode
    const { retryBackoffMs } = this.#cluster.options
    if (errorCode === code.fencedInstanceId) {
      this.#giveUp(takenOver(this.#member.instanceId, this.#join.group))
      return 0
    }
    if (errorCode !== undefined && isGone(errorCode)) {
      this.#loseAll()
      return 0
    }
    const isRefused = errorCode === code.unsupportedVersion || errorCode === code.groupIdNotFound
    if (this.#member.epoch === 0 && (isRefused || error instanceof LogVersionMismatch)) return this.#notJoined(error)
    if (errorCode === code.unreleasedInstanceId) {
      this.#handover.tell(unreleased(this.#member.instanceId, this.#join.group))
      return retryBackoffMs
    }
    const reason = toTransportError(
      error,
      `stay in the group "${this.#join.group}"`,
      needsOf(this.#cluster, this.#join),
    )
    // Refused while it runs: credentials that functions give may be right the next time. The session decides the rest.
    if (reason instanceof NotAuthenticated) this.#handover.tell(reason)
    else if (isVeltrixError(reason) && !reason.retryable) this.#giveUp(reason)
    return retryBackoffMs
  }

  /** The broker does not have this protocol, or the group has members of the other one that may not be mixed with it. */
  #notJoined(error: unknown): number {
    if (this.#refused !== undefined) {
      this.#end()
      this.#refused()
    } else if (troubleOf(error)?.apiCode === code.groupIdNotFound) this.#handover.tell(otherProtocol(this.#join.group))
    else this.#giveUp(protocolUnknown(this.#join.group))
    return this.#cluster.options.retryBackoffMs
  }

  #loseAll(): void {
    this.#session.stop()
    this.#member.epoch = 0
    this.#quickBeats = quickBeats
    this.#handover.loseAll()
    this.#commits.heard()
  }

  #giveUp(reason: Error): void {
    this.#loseAll()
    this.#handover.failed(reason)
    this.#end()
  }

  #end(): void {
    this.#isLeaving = true
    this.#session.stop()
    this.#handover.end()
    this.#pace.poke()
  }
}

function protocolUnknown(group: string): LogVersionMismatch {
  return new LogVersionMismatch(
    `The group "${group}" cannot use kafka({ groupProtocol: 'consumer' }): the broker does not have that protocol (Kafka 4.0 or newer with group.version=1 has it). Leave groupProtocol out.`,
  )
}

function otherProtocol(group: string): LogUnavailable {
  return new LogUnavailable(
    `The group "${group}" has members of the classic protocol, and the broker's group.consumer.migration.policy does not let others in beside them. Stop them first, or leave kafka({ groupProtocol }) out to join as they did.`,
  )
}

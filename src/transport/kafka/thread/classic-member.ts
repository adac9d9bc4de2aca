/**
 * A member under the classic protocol for groups, which every broker has: heartbeats that hear when the group changes, and rounds (join,
 * sync) in which it does, side by side. Rounds are cooperative: what stays with a member is worked on all the while, and what is taken from
 * it goes to another only in the round after it said that it has given it back.
 * @module
 */
import { isVeltrixError } from '../../../errors.ts'
import { LogUnavailable, NotAuthenticated, type AppendRecord, type TopicPartition } from '../../index.ts'
import { toTransportError, troubleOf } from '../broker-errors.ts'
import type { Cluster } from '../cluster.ts'
import { code, isGone } from '../error-codes.ts'
import type { FromThread, Grant } from '../protocol.ts'
import { countPartitions, joinRound, syncRound, type Joined } from './classic-round.ts'
import { Commits } from './commits.ts'
import { Coordinator } from './coordinator.ts'
import { Handover, needsOf, type Join } from './handover.ts'
import type { Place } from './holdings.ts'
import type { GrantedPosition, Membership } from './membership.ts'
import { Pace } from './pace.ts'
import { SessionEnd } from '../session-end.ts'
import { heartbeatTimeoutMs, SessionWatch } from './session-watch.ts'
import { sessionWithin } from './session.ts'
import { takenOver } from './static-member.ts'

/** How often the leader looks whether topics have other partitions. */
const watchMs = 2_000

export class ClassicMember implements Membership {
  readonly #cluster: Cluster
  readonly #join: Join
  readonly #coordinator: Coordinator
  readonly #handover: Handover
  readonly #commits: Commits
  readonly #pace: Pace
  readonly #session: SessionWatch
  readonly #member: { id: string; epoch: number; readonly instanceId: string | null }
  readonly #ended: Promise<void>
  #sessionTimeoutMs: number
  /** The round under way. */
  #round: Promise<void> | undefined
  #mustJoin = true
  /** When the next round may begin: later after one that failed. */
  #joinAt = 0
  /** What the group believes to be here, as of the last round. */
  #claimed: readonly Place[] = []
  /** Of the leader: the topics of the group and how many partitions were shared out. */
  #watched: ReadonlyMap<string, number> | undefined
  #watchedAt = 0
  #isLeaving = false

  constructor(cluster: Cluster, join: Join, push: (message: FromThread) => void) {
    this.#cluster = cluster
    this.#join = join
    this.#sessionTimeoutMs = join.sessionTimeoutMs
    this.#session = new SessionWatch(cluster.clock, () => this.#loseAll(), new SessionEnd(join.session))
    this.#pace = new Pace(cluster.clock)
    this.#member = { id: '', epoch: 0, instanceId: join.instanceId }
    this.#coordinator = new Coordinator(cluster, join.group)
    // This protocol names topics.
    const topicOf = ({ topicId }: Place): string => topicId
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
    // A group that has named a member waits for it: it has to hear that this one does not come.
    if (this.#member.id === '' && this.#member.instanceId === null) await this.#round
    this.#handover.holdings.clear()
    if (this.#member.instanceId === null) await this.#sayGoodbye()
  }

  async #run(): Promise<void> {
    while (!this.#isLeaving) {
      await this.#step()
      if (!this.#isLeaving) await this.#pace.pause(this.#pauseMs())
    }
  }

  async #step(): Promise<void> {
    try {
      this.#checkReleases()
      if (this.#handover.holdings.hasGivenUp(this.#claimed)) this.#mustJoin = true
      if (this.#mustJoin) this.#beginRound()
      if (this.#member.epoch > 0) await this.#beat()
      else if (this.#round !== undefined) await this.#lookAfterRound()
      void this.#watch()
      this.#handover.assign()
    } catch (error) {
      this.#troubled(error)
    }
  }

  #pauseMs(): number {
    const intervalMs = Math.min(this.#cluster.options.heartbeatIntervalMs, this.#sessionTimeoutMs / 3)
    if (!this.#mustJoin || this.#round !== undefined) return intervalMs
    return Math.min(intervalMs, Math.max(0, this.#joinAt - this.#cluster.clock.monotonic()))
  }

  async #beat(): Promise<void> {
    const { group } = this.#join
    const sentAt = this.#cluster.clock.monotonic()
    const { id, epoch, instanceId } = this.#member
    try {
      await this.#coordinator.askWithin(heartbeatTimeoutMs(this.#sessionTimeoutMs), async (connection) => {
        const request = await this.#cluster.negotiation.pick(connection, 'Heartbeat')
        return request.async(connection, group, epoch, id, instanceId)
      })
      if (epoch !== this.#member.epoch || id !== this.#member.id) return
      // While a round is under way the member is alive, and its generation is not settled.
      if (this.#round === undefined) this.#commits.heard()
    } catch (error) {
      const errorCode = troubleOf(error)?.apiCode
      // It was asked about a generation that is over by now.
      if (epoch !== this.#member.epoch || id !== this.#member.id) return
      if (errorCode !== code.rebalanceInProgress && errorCode !== code.illegalGeneration) throw error
      if (this.#round === undefined) this.#mustJoin = true
      this.#beginRound()
      if (errorCode === code.illegalGeneration) return
    }
    this.#session.heard(sentAt, this.#sessionTimeoutMs)
  }

  /** The first round may wait long for others, and there are no heartbeats yet to tell that the coordinator is another one, or silent. */
  async #lookAfterRound(): Promise<void> {
    const looked = this.#coordinator.askWithin(heartbeatTimeoutMs(this.#sessionTimeoutMs), async (connection) => {
      const request = await this.#cluster.negotiation.pick(connection, 'DescribeGroups')
      return request.async(connection, [this.#join.group], false)
    })
    // What is wrong ends the round, which tells it.
    await looked.catch(() => {})
  }

  #beginRound(): void {
    if (this.#round !== undefined || this.#isLeaving || this.#cluster.clock.monotonic() < this.#joinAt) return
    this.#mustJoin = false
    this.#round = this.#playRound()
      .catch((error) => {
        this.#mustJoin = true
        this.#troubled(error)
      })
      .finally(() => {
        this.#round = undefined
        this.#commits.heard()
        this.#pace.poke()
      })
  }

  async #playRound(): Promise<void> {
    const claims = this.#handover.holdings.claims()
    const joined = await this.#enter(claims)
    if (joined === undefined) return
    const topics = [...new Set(joined.subscribers.flatMap((each) => each.topics))]
    const counts = await countPartitions(this.#cluster, topics)
    const sentAt = this.#cluster.clock.monotonic()
    const given = await syncRound(this.#cluster, this.#coordinator, this.#member, joined.subscribers, counts)
    // Lost, or left, meanwhile.
    if (this.#isLeaving || this.#member.epoch !== joined.generation) return
    this.#session.heard(sentAt, this.#sessionTimeoutMs)
    this.#handover.joined()
    this.#watched = joined.isLeader ? counts : undefined
    this.#watchedAt = this.#cluster.clock.monotonic()
    this.#claimed = [...claims, ...given.map(placeOf)]
    this.#handover.aim(given.map(placeOf))
  }

  /** @returns undefined when the member was lost, or left, meanwhile */
  async #enter(claims: readonly Place[]): Promise<Joined | undefined> {
    const claimed = claims.map(({ topicId, partition }) => ({ topic: topicId, partition }))
    for (;;) {
      const { id } = this.#member
      const args = [this.#member, this.#join, this.#sessionTimeoutMs, claimed] as const
      const joined = await joinRound(this.#cluster, this.#coordinator, ...args)
      if (this.#member.id !== id) return undefined
      this.#member.id = joined.memberId
      if (this.#isLeaving) return undefined
      if (joined.generation === undefined) continue
      this.#member.epoch = joined.generation
      return joined
    }
  }

  /** The leader looks for partitions that came, or topics that did: brokers of this protocol tell nobody. */
  async #watch(): Promise<void> {
    const now = this.#cluster.clock.monotonic()
    if (this.#watched === undefined || now - this.#watchedAt < watchMs) return
    this.#watchedAt = now
    const watched = this.#watched
    const counts = await countPartitions(this.#cluster, [...watched.keys()]).catch(() => watched)
    if (watched === this.#watched && [...counts].some(([topic, count]) => watched.get(topic) !== count)) {
      this.#mustJoin = true
      this.#beginRound()
    }
  }

  /** A member that keeps for longer than it may what it was asked to give back is out; the broker does not see to it under this protocol. */
  #checkReleases(): void {
    if (!this.#handover.isOverdue) return
    void this.#sayGoodbye()
    this.#loseAll()
  }

  #troubled(error: unknown): void {
    const { clock, options } = this.#cluster
    const errorCode = troubleOf(error)?.apiCode
    if (errorCode === code.fencedInstanceId) {
      return this.#giveUp(takenOver(this.#member.instanceId, this.#join.group))
    }
    if (errorCode !== undefined && isGone(errorCode)) return this.#loseAll()
    this.#joinAt = clock.monotonic() + options.retryBackoffMs
    // The group changed again while the round was under way: what is held stays held, and is said again.
    if (errorCode === code.rebalanceInProgress || errorCode === code.illegalGeneration) this.#joinAt = 0
    else if (errorCode === code.inconsistentProtocol) this.#handover.tell(otherAssignor(this.#join.group))
    else if (errorCode === code.groupFull) this.#handover.tell(full(this.#join.group))
    else if (errorCode === code.invalidSessionTimeout) return void this.#fitSession()
    else {
      const reason = toTransportError(
        error,
        `stay in the group "${this.#join.group}"`,
        needsOf(this.#cluster, this.#join),
      )
      // Refused while it runs: credentials that functions give may be right the next time. The session decides the rest.
      if (reason instanceof NotAuthenticated) this.#handover.tell(reason)
      else if (isVeltrixError(reason) && !reason.retryable) this.#giveUp(reason)
    }
  }

  /** The broker takes sessions only within bounds of its own. */
  async #fitSession(): Promise<void> {
    this.#joinAt = Infinity
    try {
      this.#sessionTimeoutMs = await sessionWithin(this.#cluster, this.#coordinator, this.#join.sessionTimeoutMs)
      this.#joinAt = 0
      this.#pace.poke()
    } catch (error) {
      this.#giveUp(toTransportError(error, `join the group "${this.#join.group}"`))
    }
  }

  async #sayGoodbye(): Promise<void> {
    const { id, instanceId } = this.#member
    if (id === '') return
    const members = [{ memberId: id, groupInstanceId: instanceId }]
    const leave = (): Promise<unknown> =>
      this.#coordinator.ask(async (connection) => {
        const request = await this.#cluster.negotiation.pick(connection, 'LeaveGroup')
        return request.async(connection, this.#join.group, members)
      })
    await leave().catch((error) => (troubleOf(error) === undefined ? leave().catch(() => {}) : undefined))
  }

  /** As a new member from now on. */
  #loseAll(): void {
    this.#session.stop()
    this.#member.epoch = 0
    this.#member.id = ''
    this.#mustJoin = true
    this.#claimed = []
    this.#watched = undefined
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

function placeOf({ topic, partition }: TopicPartition): Place {
  return { topicId: topic, partition }
}

function otherAssignor(group: string): LogUnavailable {
  return new LogUnavailable(
    `The group "${group}" has members that share partitions out in another way than "cooperative-sticky" (partition.assignment.strategy). Stop them, or give them that one. Trying again.`,
  )
}

function full(group: string): LogUnavailable {
  return new LogUnavailable(
    `The group "${group}" has as many members as the broker's group.max.size allows. Stop some, or raise it. Trying again.`,
  )
}

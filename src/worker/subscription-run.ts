/**
 * One subscription in this process: its membership in the group, and the parts that work for it.
 * @module
 */
import { channelOf } from '../channels.ts'
import type { Clock, Timer } from '../clock.ts'
import type { CompiledConfig, CompiledSubscription } from '../config/index.ts'
import { keyText } from '../event/index.ts'
import type { ConsumeOptions, FetchedBatch, Log } from '../transport/index.ts'
import { Attempts } from './attempts.ts'
import { CircuitBreaker } from './breaker.ts'
import { Committer } from './committer.ts'
import type { AttemptEnvironment } from './context.ts'
import { Duplicates } from './duplicates.ts'
import { Fetcher } from './fetcher.ts'
import { ForeignRecords } from './foreign-records.ts'
import type { Handling } from './handlers.ts'
import { HeldPartitions } from './held-partitions.ts'
import type { Item } from './item.ts'
import { LaneScheduler } from './lane-scheduler.ts'
import { Lease } from './lease.ts'
import { Letters } from './letters.ts'
import { Membership } from './membership.ts'
import type { PartitionWork } from './partition-work.ts'
import { Pump } from './pump.ts'
import { Rebalance } from './rebalance.ts'
import { statusOf, type SubscriptionStatus } from './status.ts'
import { Watchdog } from './watchdog.ts'

export interface SubscriptionRunOptions {
  readonly config: CompiledConfig
  readonly subscription: CompiledSubscription
  readonly log: Log
  readonly clock: Clock
  readonly random: () => number
  readonly clientId: string
  readonly handlers: ReadonlyMap<string, Handling>
  readonly environment: AttemptEnvironment
}

const stateChannel = channelOf('veltrix:worker:state')
const troubleChannel = channelOf('veltrix:worker:trouble')

const stateEveryMs = 1_000
/** Leaving lets handlers finish, and then what they did be stored: each may take `revokeTimeout`. */
const leaveTimes = 2

export class SubscriptionRun {
  readonly letters: Letters
  readonly attempts: Attempts
  readonly breaker: CircuitBreaker
  readonly scheduler: LaneScheduler
  /** Undefined where nothing is stored twice. */
  readonly duplicates: Duplicates | undefined
  readonly pausedLanes = new Set<number>()
  private readonly options: SubscriptionRunOptions
  private readonly held: HeldPartitions
  private readonly committer: Committer
  private readonly fetcher: Fetcher
  private readonly pump: Pump
  private readonly rebalance: Rebalance
  private readonly membership: Membership
  readonly watchdog: Watchdog
  private stopping = false
  private ended = false
  private stateTimer: Timer | undefined

  constructor(options: SubscriptionRunOptions) {
    const { config, subscription, clock, random, log } = options
    this.options = options
    this.held = new HeldPartitions(config.lanes.length)
    this.scheduler = new LaneScheduler(config.lanes, subscription.concurrency, config.worker.scheduling)
    this.breaker = new CircuitBreaker(subscription.breaker, random)
    const wake = (): void => this.wake()
    const trouble = (doing: string, error: Error): void => this.trouble(doing, error)
    const laneName = (lane: number): string => config.lanes[lane]!.name
    const membership = { partitions: () => this.held.values(), consumer: () => this.membership.consumer }
    const shared = { clock, subscription: subscription.name, held: this.held, trouble }
    this.committer = new Committer({
      ...shared,
      ...membership,
      intervalMs: config.worker.commitIntervalMs,
      stored: wake,
    })
    this.fetcher = new Fetcher({
      ...shared,
      ...membership,
      lanes: config.lanes.length,
      maxBufferedBytes: config.worker.maxBufferedBytes,
      paused: (lane) => this.pausedLanes.has(lane),
      deliver: (work, batch) => this.deliver(work, batch),
    })
    const foreign = new ForeignRecords(config)
    this.letters = new Letters({
      log,
      foreign,
      clock,
      subscription,
      clientId: options.clientId,
      laneName,
      partition: (topic, partition) => this.held.get({ topic, partition }),
      committed: (work) => this.committer.persisted(work),
      wake: () => {
        // What was kept is done: without this nobody would commit it until another event ends.
        this.committer.touch()
        this.wake()
      },
      trouble,
    })
    const { dedupe } = config.worker
    if (dedupe && (dedupe.always || log.features.dedupeWindowMs === 0)) {
      this.duplicates = new Duplicates({
        log,
        subscription: subscription.name,
        laneName,
        maxIds: dedupe.maxIds,
        trouble,
      })
    }
    const { scheduler, breaker, committer, letters, fetcher, duplicates, pausedLanes } = this
    // A consumer that does not say knows at once what it lost.
    const isStale = (): boolean => (this.membership.consumer?.sessionLeftMs ?? 1) <= 0
    const environment = { ...options.environment, isStale }
    const attempts = new Attempts({
      ...options,
      environment,
      scheduler,
      breaker,
      committer,
      letters,
      foreign,
      laneName,
      wake,
    })
    this.attempts = attempts
    this.pump = new Pump({ ...shared, scheduler, breaker, attempts, committer, fetcher, pausedLanes })
    this.rebalance = new Rebalance({
      ...shared,
      attempts,
      committer,
      letters,
      duplicates,
      places: placesOf(config, subscription),
      limits: {
        maxAheadRecords: config.worker.maxAheadRecords,
        maxMetadataBytes: log.features.maxCommitMetadataBytes,
      },
      revokeTimeoutMs: config.worker.revokeTimeoutMs,
      ready: () => {
        this.committer.request()
        this.fetcher.poke()
      },
    })
    this.membership = new Membership({
      ...shared,
      log,
      consume: consumeOptions(config, subscription),
      listener: this.rebalance,
      leaveTimeoutMs: leaveTimes * config.worker.revokeTimeoutMs + 2_000,
      dropAll: () => {
        const held = [...this.held.values()]
        if (held.length > 0) this.rebalance.lost(held)
        this.fetcher.restart()
        this.committer.abandon()
      },
      joined: () => this.fetcher.poke(),
    })
    this.watchdog = new Watchdog({
      ...shared,
      log,
      laneName,
      stallAfterMs: config.worker.stallAfterMs,
      fetcher,
      running: attempts.running,
      facts: ({ lane }) => ({ paused: this.pausedLanes.has(lane), outage: breaker.state !== 'closed' }),
      rejoin: () => this.membership.rejoin(),
      wake,
    })
  }

  /** Joins the group. @throws the log's errors */
  async start(): Promise<void> {
    await this.membership.join()
    void this.letters.follow()
    void this.pump.run()
    this.announceState()
    this.watchdog.start()
  }

  /** Takes nothing new; handlers that run go on. */
  stopTaking(): void {
    this.stopping = true
    this.pump.stopTaking()
    this.fetcher.stop()
    this.attempts.dropGathered(() => true)
  }

  /** Resolves when nothing runs, or `signal` aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    await this.rebalance.settled(new Set(this.held.values()), signal)
  }

  /** Leaves the group (what is held is committed on the way) and frees everything. Handlers that still run are aborted. */
  async close(): Promise<{ abandoned: number }> {
    this.stopTaking()
    this.rebalance.abortAll()
    this.watchdog.stop()
    await this.membership.leave()
    const abandoned = this.attempts.running.size
    // The last second counts too.
    this.tellState()
    this.ended = true
    this.rebalance.stop()
    this.letters.stop()
    this.committer.stop()
    this.stateTimer?.cancel()
    this.attempts.running.stop()
    this.pump.end()
    return { abandoned }
  }

  pause(lane: number | undefined): void {
    for (const { index } of this.options.config.lanes)
      if (lane === undefined || lane === index) this.pausedLanes.add(index)
  }

  resume(lane: number | undefined): void {
    if (lane === undefined) this.pausedLanes.clear()
    else this.pausedLanes.delete(lane)
    this.fetcher.poke()
    this.wake()
  }

  status(): SubscriptionStatus {
    const { config, subscription } = this.options
    return statusOf(this, { lanes: config.lanes, name: subscription.name, partitions: [...this.held.values()] })
  }

  private deliver(work: PartitionWork, batch: FetchedBatch): void {
    if (this.stopping || work.closing) return
    const parked: Item[] = []
    const lease = batch.release && new Lease(batch.release)
    for (const record of batch.records) {
      const key = keyText(record.key)
      if (this.duplicates?.isRepeated(work, record, key)) {
        work.skipTo(record.offset + 1)
        continue
      }
      const item = work.admit(record, key, lease)
      if (item) parked.push(item)
    }
    lease?.giveBack()
    work.skipTo(batch.nextOffset)
    work.end = Math.max(work.end, batch.endOffset)
    if (parked.length > 0) this.letters.park(work, parked)
    if (work.reservedStored === 0 && work.recovered) this.committer.request()
    else this.committer.touch()
    this.pump.newSlice()
    this.wake()
  }

  /** Something became ready, or is over: who waits for either looks again. */
  private wake(): void {
    this.attempts.running.tellIdle()
    this.pump.wake()
  }

  private announceState(): void {
    if (this.ended) return
    this.tellState()
    this.stateTimer = this.options.clock.setTimer(stateEveryMs, () => this.announceState(), { unref: true })
  }

  private tellState(): void {
    if (stateChannel.hasSubscribers) stateChannel.publish({ ...this.status() })
  }

  private trouble(doing: string, error: Error): void {
    troubleChannel.publish({ subscription: this.options.subscription.name, doing, error })
  }
}

function consumeOptions(config: CompiledConfig, subscription: CompiledSubscription): Omit<ConsumeOptions, 'listener'> {
  return {
    group: subscription.group,
    topics: subscription.topics.map(({ topic }) => topic),
    sessionTimeoutMs: config.worker.sessionTimeoutMs,
    startAt: subscription.startAt,
  }
}

function placesOf(
  config: CompiledConfig,
  subscription: CompiledSubscription,
): Map<string, { stream: string; lane: number }> {
  const laneIndex = new Map(config.lanes.map(({ name, index }) => [name, index]))
  return new Map(subscription.topics.map(({ topic, stream, lane }) => [topic, { stream, lane: laneIndex.get(lane)! }]))
}

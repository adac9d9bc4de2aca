/**
 * One subscription in this process: its membership in the group, the partitions it holds, and the loop that starts events
 * lane by lane.
 * @module
 */
import { channelOf } from '../channels.ts'
import { sleep, type Clock, type Timer } from '../clock.ts'
import type { CompiledConfig, CompiledSubscription } from '../config/index.ts'
import { keyText } from '../event/index.ts'
import type { AssignedPartition, Consumer, FetchedBatch, Log, TopicPartition } from '../transport/index.ts'
import { Attempts } from './attempts.ts'
import { CircuitBreaker } from './breaker.ts'
import { Committer } from './committer.ts'
import type { AttemptEnvironment } from './context.ts'
import { HandlerInterrupted } from './errors.ts'
import { Fetcher } from './fetcher.ts'
import type { Handling } from './handlers.ts'
import type { Item } from './item.ts'
import { LaneScheduler } from './lane-scheduler.ts'
import { Letters } from './letters.ts'
import { PartitionWork } from './partition-work.ts'
import { statusOf, type SubscriptionStatus } from './status.ts'

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

const partitionsChannel = channelOf('veltrix:worker:partitions')
const backpressureChannel = channelOf('veltrix:worker:backpressure')
const stateChannel = channelOf('veltrix:worker:state')
const troubleChannel = channelOf('veltrix:worker:trouble')

/** Handlers start for at most this long before input and output get their turn: what an urgent event waits for a bulk one. */
const sliceMs = 0.5
/** Aborted handlers get this long to return before their partition is given up under them. */
const abortGraceMs = 1_000
const prepareRetryMs = 500
const stateEveryMs = 1_000

export class SubscriptionRun {
  readonly letters: Letters
  readonly attempts: Attempts
  readonly breaker: CircuitBreaker
  readonly scheduler: LaneScheduler
  readonly pausedLanes = new Set<number>()
  private readonly options: SubscriptionRunOptions
  private readonly committer: Committer
  private readonly fetcher: Fetcher
  private readonly places = new Map<string, { stream: string; lane: number }>()
  private readonly partitions = new Map<string, PartitionWork>()
  /** The same by lane, for the loop; `turn` rotates among a lane's partitions. */
  private byLane: PartitionWork[][]
  private readonly turn: number[]
  private consumer: Consumer | undefined
  private stopping = false
  private ended = false
  /** The time for finishing is over: handlers were aborted. */
  private hurry = false
  private wakeUp: (() => void) | undefined
  private awake = true
  private sliceStartedAt = 0
  private probeTimer: Timer | undefined
  private stateTimer: Timer | undefined
  /** Stops are being waited for: fetched batches are dropped. */
  private readonly stopped = new AbortController()

  constructor(options: SubscriptionRunOptions) {
    const { config, subscription, clock, random } = options
    this.options = options
    this.byLane = config.lanes.map(() => [])
    this.turn = config.lanes.map(() => 0)
    const laneIndex = new Map(config.lanes.map((lane) => [lane.name, lane.index]))
    for (const { topic, stream, lane } of subscription.topics) {
      this.places.set(topic, { stream, lane: laneIndex.get(lane)! })
    }
    this.scheduler = new LaneScheduler(config.lanes, subscription.concurrency, config.worker.scheduling)
    this.breaker = new CircuitBreaker(subscription.breaker, random)
    const shared = {
      clock,
      subscription: subscription.name,
      partitions: () => this.partitions.values(),
      consumer: () => this.consumer,
      trouble: (doing: string, error: Error) => this.trouble(doing, error),
    }
    this.committer = new Committer({ ...shared, intervalMs: config.worker.commitIntervalMs, stored: () => this.wake() })
    this.fetcher = new Fetcher({
      ...shared,
      lanes: config.lanes.length,
      maxBufferedBytes: config.worker.maxBufferedBytes,
      paused: (lane) => this.pausedLanes.has(lane),
      deliver: (work, batch) => this.deliver(work, batch),
    })
    const laneName = (lane: number): string => config.lanes[lane]!.name
    this.letters = new Letters({
      log: options.log,
      clock,
      subscription,
      clientId: options.clientId,
      laneName,
      partition: (topic, partition) => this.partitions.get(nameOf({ topic, partition })),
      wake: () => {
        // What was kept is done: without this nobody would commit it until another event ends.
        this.committer.touch()
        this.wake()
      },
      trouble: shared.trouble,
    })
    this.attempts = new Attempts({
      ...options,
      subscription,
      scheduler: this.scheduler,
      breaker: this.breaker,
      committer: this.committer,
      letters: this.letters,
      laneName,
      wake: () => this.wake(),
    })
  }

  /** Joins the group. @throws the log's errors */
  async start(): Promise<void> {
    const { log, subscription, config } = this.options
    this.consumer = await log.consume({
      group: subscription.group,
      topics: subscription.topics.map(({ topic }) => topic),
      sessionTimeoutMs: config.worker.sessionTimeoutMs,
      startAt: subscription.startAt,
      listener: {
        assigned: (partitions) => this.assigned(partitions),
        revoked: (partitions) => this.revoked(partitions),
        lost: (partitions) => this.lost(partitions),
        failed: (error) => this.trouble('stay in the group', error),
      },
    })
    void this.letters.follow()
    void this.pump()
    this.announceState()
    this.fetcher.poke()
  }

  /** Takes nothing new; handlers that run go on. */
  stopTaking(): void {
    this.stopping = true
    this.fetcher.stop()
    this.attempts.dropGathered(() => true)
  }

  /** Resolves when nothing runs, or `signal` aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    await this.settled(new Set(this.partitions.values()), signal)
  }

  /** Leaves the group (what is held is committed on the way) and frees everything. Handlers that still run are aborted. */
  async close(): Promise<{ abandoned: number }> {
    this.stopTaking()
    this.hurry = true
    this.attempts.running.abort(new HandlerInterrupted('The worker stops.'))
    await this.consumer?.close().catch((error: Error) => this.trouble('leave the group', error))
    const abandoned = this.attempts.running.size
    this.ended = true
    this.stopped.abort()
    this.letters.stop()
    this.committer.stop()
    this.probeTimer?.cancel()
    this.stateTimer?.cancel()
    this.attempts.running.stop()
    this.wake()
    return { abandoned }
  }

  pause(lane: number | undefined): void {
    for (let index = 0; index < this.byLane.length; index++)
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
    return statusOf(this, { lanes: config.lanes, name: subscription.name, partitions: [...this.partitions.values()] })
  }

  private assigned(partitions: readonly AssignedPartition[]): void {
    const { config, log } = this.options
    const limits = {
      maxAheadRecords: config.worker.maxAheadRecords,
      maxMetadataBytes: log.features.maxCommitMetadataBytes,
    }
    this.announcePartitions('assigned', partitions)
    for (const assigned of partitions) {
      const place = this.places.get(assigned.topic)
      if (!place) continue
      const work = new PartitionWork(assigned, place, limits)
      this.partitions.set(nameOf(assigned), work)
      // Not to be fetched before it is known which keys are parked.
      work.fetching = true
      void this.prepare(work)
    }
    this.sortByLane()
  }

  private async prepare(work: PartitionWork): Promise<void> {
    while (!work.gone && !work.closing && !this.ended) {
      try {
        await this.letters.prepare(work)
        break
      } catch (error) {
        this.trouble('read dead letters', error as Error)
        await sleep(this.options.clock, prepareRetryMs, this.stopped.signal).catch(() => {})
      }
    }
    if (work.gone || work.closing || this.ended) return
    work.fetching = false
    this.committer.request()
    this.fetcher.poke()
    this.letters.resume(work)
  }

  private async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    this.announcePartitions('revoked', partitions)
    const works = new Set<PartitionWork>()
    for (const partition of partitions) {
      const work = this.partitions.get(nameOf(partition))
      if (work) works.add(work)
    }
    for (const work of works) work.closing = true
    this.attempts.dropGathered((work) => works.has(work))
    await this.finish(works)
    // What cannot be stored now is repeated by the next owner; it must not wait for ever.
    await this.bounded(Promise.allSettled([...works].filter(hasProgress).map((work) => this.committer.persisted(work))))
    this.remove(works)
  }

  /** Running handlers get `revokeTimeoutMs`, then they are aborted, then they are left behind. */
  private async finish(works: ReadonlySet<PartitionWork>): Promise<void> {
    const patienceMs = this.hurry ? abortGraceMs : this.options.config.worker.revokeTimeoutMs
    if (await this.settledWithin(works, patienceMs)) return
    this.attempts.running.abort(new HandlerInterrupted('The partition is taken away.'), works)
    await this.settledWithin(works, abortGraceMs)
  }

  private async settledWithin(works: ReadonlySet<PartitionWork>, limitMs: number): Promise<boolean> {
    const limit = new AbortController()
    const timer = this.options.clock.setTimer(limitMs, () => {
      limit.abort()
      this.attempts.running.tellIdle()
    })
    await this.settled(works, limit.signal)
    timer.cancel()
    return !isBusy(works)
  }

  private async settled(works: ReadonlySet<PartitionWork>, signal: AbortSignal): Promise<void> {
    const tell = (): void => this.attempts.running.tellIdle()
    signal.addEventListener('abort', tell, { once: true })
    while (isBusy(works) && !signal.aborted) await this.attempts.running.nextEnd()
    signal.removeEventListener('abort', tell)
  }

  private bounded(work: Promise<unknown>): Promise<unknown> {
    const limit = new AbortController()
    const late = sleep(this.options.clock, this.options.config.worker.revokeTimeoutMs, limit.signal).catch(() => {})
    return Promise.race([work, late]).finally(() => limit.abort())
  }

  private lost(partitions: readonly TopicPartition[]): void {
    this.announcePartitions('lost', partitions)
    const works = partitions.flatMap((partition) => this.partitions.get(nameOf(partition)) ?? [])
    this.remove(new Set(works))
  }

  private remove(works: ReadonlySet<PartitionWork>): void {
    this.attempts.dropGathered((work) => works.has(work))
    this.attempts.running.abort(new HandlerInterrupted('The partition was taken away.'), works)
    for (const work of works) {
      work.gone = true
      this.committer.drop(work)
      const name = nameOf(work)
      if (this.partitions.get(name) === work) this.partitions.delete(name)
    }
    this.sortByLane()
    this.attempts.running.tellIdle()
  }

  private sortByLane(): void {
    this.byLane = this.options.config.lanes.map(() => [])
    for (const work of this.partitions.values()) this.byLane[work.lane]!.push(work)
  }

  private deliver(work: PartitionWork, batch: FetchedBatch): void {
    if (this.stopping || work.closing) return
    const parked: Item[] = []
    for (const record of batch.records) {
      const item = work.admit(record, keyText(record.key))
      if (item) parked.push(item)
    }
    work.skipTo(batch.nextOffset)
    if (parked.length > 0) this.letters.park(work, parked)
    if (work.reservedStored === 0 && work.recovered) this.committer.request()
    else this.committer.touch()
    this.sliceStartedAt = this.options.clock.monotonic()
    this.wake()
  }

  private wake(): void {
    this.attempts.running.tellIdle()
    if (this.wakeUp) {
      this.wakeUp()
      this.wakeUp = undefined
    } else this.awake = true
  }

  /** Starts events while there are slots; lets input and output happen between slices. */
  private async pump(): Promise<void> {
    const { clock } = this.options
    while (!this.ended) {
      this.awake = false
      const sliceOver = !this.stopping && this.startSome()
      this.fetcher.poke()
      if (sliceOver) {
        await clock.yield()
        this.sliceStartedAt = clock.monotonic()
      } else if (!this.awake) {
        await new Promise<void>((resolve) => (this.wakeUp = resolve))
      }
    }
  }

  /** Returns true when the slice is over and more could start. */
  private startSome(): boolean {
    const { clock } = this.options
    for (let started = 0; ; started++) {
      if ((started & 15) === 15 && clock.monotonic() - this.sliceStartedAt > sliceMs) return true
      if (!this.mayStart()) return false
      const lane = this.scheduler.pick(clock.monotonic(), (index) => this.hasWork(index))
      if (lane < 0) return false
      this.startNext(lane)
    }
  }

  private mayStart(): boolean {
    const waitMs = this.breaker.waitMs(this.options.clock.monotonic())
    if (waitMs === 0) return true
    if (waitMs !== Infinity && !this.probeTimer) {
      this.probeTimer = this.options.clock.setTimer(waitMs, () => {
        this.probeTimer = undefined
        this.wake()
      })
    }
    return false
  }

  private hasWork(lane: number): boolean {
    if (this.pausedLanes.has(lane)) return false
    return this.attempts.hasDueBatch(lane) || this.nextOf(lane) !== undefined
  }

  /** The lane's next partition, in turn, that has an event which may start. */
  private nextOf(lane: number): PartitionWork | undefined {
    const works = this.byLane[lane]!
    for (let i = 0; i < works.length; i++) {
      const at = (this.turn[lane]! + i) % works.length
      const work = works[at]!
      if (!work.hasReady) continue
      const held = work.held
      if (held === undefined) {
        this.turn[lane] = at
        return work
      }
      this.holdBack(work, held)
    }
    return undefined
  }

  private startNext(lane: number): void {
    if (this.attempts.hasDueBatch(lane)) return this.attempts.startDueBatch(lane)
    const work = this.nextOf(lane)!
    this.turn[lane] = (this.turn[lane]! + 1) % this.byLane[lane]!.length
    this.attempts.start(work, work.take())
  }

  private holdBack(work: PartitionWork, reason: 'metadata' | 'reservation'): void {
    if (reason === 'reservation') {
      if (work.recovered) this.committer.request()
      return
    }
    if (work.heldBack) return
    work.heldBack = true
    const { topic, partition } = work
    backpressureChannel.publish({ subscription: this.options.subscription.name, topic, partition, reason })
  }

  private announcePartitions(change: 'assigned' | 'revoked' | 'lost', partitions: readonly TopicPartition[]): void {
    const places = partitions.map(({ topic, partition }) => ({ topic, partition }))
    partitionsChannel.publish({ subscription: this.options.subscription.name, change, partitions: places })
  }

  private announceState(): void {
    if (this.ended) return
    if (stateChannel.hasSubscribers) stateChannel.publish({ ...this.status() })
    this.stateTimer = this.options.clock.setTimer(stateEveryMs, () => this.announceState(), { unref: true })
  }

  private trouble(doing: string, error: Error): void {
    troubleChannel.publish({ subscription: this.options.subscription.name, doing, error })
  }
}

function isBusy(works: ReadonlySet<PartitionWork>): boolean {
  for (const work of works) if (!work.gone && (work.running > 0 || work.keeping > 0)) return true
  return false
}

/** Whether committing says anything that was not said before. */
function hasProgress(work: PartitionWork): boolean {
  return work.recovered && !work.gone && work.reservedStored > 0
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

/**
 * Attempts: how an event is started, and what follows from how it ended.
 * @module
 */
import { channelOf } from '../channels.ts'
import type { Clock } from '../clock.ts'
import type { CompiledSubscription } from '../config/index.ts'
import { decodeEvent, eventType, type VeltrixEvent } from '../event/index.ts'
import type { DeadReason } from '../deadletter/index.ts'
import { isVeltrixError } from '../errors.ts'
import { backoffMs } from './backoff.ts'
import { BatchGatherer, batchOutcomes } from './batches.ts'
import type { CircuitBreaker } from './breaker.ts'
import type { Committer } from './committer.ts'
import { AttemptContext, type AttemptEnvironment } from './context.ts'
import { HandlerTimeout, type RetryAfter } from './errors.ts'
import type { AnyBatchHandler, Handling } from './handlers.ts'
import type { Item, KeyQueue } from './item.ts'
import type { LaneScheduler } from './lane-scheduler.ts'
import type { Letters } from './letters.ts'
import { noteOf } from './note.ts'
import type { PartitionWork } from './partition-work.ts'
import { RunningHandlers, type Member, type Running } from './running.ts'

export interface AttemptsOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly subscription: CompiledSubscription
  readonly handlers: ReadonlyMap<string, Handling>
  readonly environment: AttemptEnvironment
  readonly scheduler: LaneScheduler
  readonly breaker: CircuitBreaker
  readonly committer: Committer
  readonly letters: Letters
  readonly laneName: (lane: number) => string
  readonly wake: () => void
}

const startedChannel = channelOf('veltrix:worker:started')
const handledChannel = channelOf('veltrix:worker:handled')
const retryChannel = channelOf('veltrix:worker:retry')
const breakerChannel = channelOf('veltrix:worker:breaker')
const stuckChannel = channelOf('veltrix:worker:stuck')

export class Attempts {
  readonly running: RunningHandlers
  private readonly options: AttemptsOptions
  private readonly batches: BatchGatherer
  /** Keys held back by an outage: they go on together when it ends. */
  private readonly outage = new Map<KeyQueue, PartitionWork>()
  private lastBreakerState: string = 'closed'

  constructor(options: AttemptsOptions) {
    this.options = options
    this.running = new RunningHandlers({
      clock: options.clock,
      timeoutMs: options.subscription.timeoutMs,
      stuck: (running) => this.releaseStuck(running),
    })
    this.batches = new BatchGatherer({
      clock: options.clock,
      run: (members, handler) => this.runBatch(members, handler),
      closed: options.wake,
    })
  }

  /** Batches that are gathered, full or due, and only need a slot of their lane. */
  hasDueBatch(lane: number): boolean {
    return this.batches.hasDue(lane)
  }

  /** Starts a due batch of the lane. */
  startDueBatch(lane: number): void {
    this.batches.startDue(lane)
  }

  /** Events taken into batches that have not started. */
  get gathering(): number {
    return this.batches.size
  }

  /** Gives events back that are gathered for a batch, of partitions that end. */
  dropGathered(of: (work: PartitionWork) => boolean): void {
    for (const { work, item, precounted } of this.batches.drop(of)) {
      work.running--
      if (precounted) this.uncount(work, item)
    }
  }

  /** Starts an event that was taken from its partition. It may turn out to need no handler. */
  start(work: PartitionWork, item: Item): void {
    const { subscription, letters } = this.options
    if (!item.letter && (item.suspect || item.attempts > 0)) {
      if (letters.isKept(work, item)) return this.adopt(work, item)
      // Counted already, and its worker ended before it could be kept.
      if (item.attempts >= subscription.retry.attempts) {
        const reason = item.suspect ? 'crashed' : 'attempts-exhausted'
        return letters.keep(work, item, reason, new Error(`The worker ended in or after attempt ${item.attempts}.`))
      }
      if (item.suspect) return void this.countFirst(work, item)
    }
    this.decodeAndRun(work, item, false)
  }

  /**
   * An event that may have been running when its worker died is counted, durably, before it starts: if it was
   * what ended the process it will end it again, and only a count made before can stop that.
   */
  private async countFirst(work: PartitionWork, item: Item): Promise<void> {
    item.attempts++
    item.firstAttemptAt ||= this.options.clock.now()
    item.lastAttemptAt = this.options.clock.now()
    work.running++
    try {
      await this.options.committer.persisted(work)
    } catch {
      return
    } finally {
      work.running--
    }
    if (work.gone) return
    if (work.closing) return this.uncount(work, item)
    this.decodeAndRun(work, item, true)
  }

  private uncount(work: PartitionWork, item: Item): void {
    item.attempts--
    work.dirty = true
    this.running.tellIdle()
  }

  private decodeAndRun(work: PartitionWork, item: Item, precounted: boolean): void {
    const type = eventType(item.record!)
    if (type !== undefined && !this.options.subscription.events.has(type)) return this.skip(work, item)
    let event: VeltrixEvent
    try {
      event = decodeEvent(item.record!)
    } catch (error) {
      return this.invalid(work, item, error)
    }
    this.run({ work, item, event, precounted })
  }

  private invalid(work: PartitionWork, item: Item, error: unknown): void {
    item.firstAttemptAt ||= this.options.clock.now()
    item.lastAttemptAt = this.options.clock.now()
    this.bury(work, item, 'invalid-event', error)
    this.options.wake()
  }

  private adopt(work: PartitionWork, item: Item): void {
    this.options.letters.adopt(work, item)
    this.options.committer.touch()
  }

  private skip(work: PartitionWork, item: Item): void {
    work.complete(item)
    this.options.committer.touch()
  }

  private run(member: Member): void {
    const handling = this.options.handlers.get(member.event.type)!
    member.work.running++
    if (handling.kind === 'batch') return this.batches.add(member, handling)
    const context = this.contextOf(member)
    const running = this.began([member], context)
    let result: unknown
    try {
      result = handling.run(member.event, context)
    } catch (error) {
      return this.ended(running, [error ?? new Error('The handler threw nothing.')])
    }
    if (!isThenable(result)) return this.ended(running, [undefined])
    result.then(
      () => this.ended(running, [undefined]),
      (error: unknown) => this.ended(running, [error ?? new Error('The handler threw nothing.')]),
    )
  }

  private runBatch(members: readonly Member[], handler: AnyBatchHandler): void {
    const contexts = members.map((member) => this.contextOf(member))
    const running = this.began(members, contexts[0]!)
    const batch = contexts[0]!.asBatch(contexts)
    const events = members.map(({ event }) => event)
    new Promise((resolve) => resolve(handler(events, batch))).then(
      (results) => this.ended(running, batchOutcomes(results, members.length)),
      (error: unknown) =>
        this.ended(
          running,
          members.map(() => error ?? new Error('The handler threw nothing.')),
        ),
    )
  }

  private contextOf({ work, item, event, precounted }: Member): AttemptContext<unknown> {
    const place = {
      lane: this.options.laneName(work.lane),
      stream: work.stream,
      topic: work.topic,
      partition: work.partition,
      offset: item.offset,
    }
    const attempt = { attempt: item.attempts + (precounted ? 0 : 1), redriven: item.letter !== undefined }
    return new AttemptContext(this.options.environment, place, attempt, event)
  }

  private began(members: readonly Member[], context: AttemptContext<unknown>): Running {
    const { clock, scheduler, breaker } = this.options
    const startedAt = clock.monotonic()
    const lane = members[0]!.work.lane
    scheduler.started(lane)
    breaker.started(startedAt)
    this.noteBreaker()
    const running = { members, lane, context, startedAt, hasSlot: true, overdue: false }
    this.running.add(running)
    if (startedChannel.hasSubscribers) for (const member of members) this.announceStart(member)
    return running
  }

  private ended(running: Running, outcomes: readonly unknown[]): void {
    const durationMs = this.options.clock.monotonic() - running.startedAt
    this.releaseSlot(running, durationMs)
    this.running.remove(running)
    running.members.forEach((member, index) => {
      const { work } = member
      work.running--
      if (work.gone) this.options.breaker.interrupted()
      else if (outcomes[index] === undefined) this.handled(member, durationMs)
      else this.failed(running, member, outcomes[index])
    })
    this.noteBreaker()
    this.options.committer.touch()
    this.options.wake()
  }

  private handled(member: Member, durationMs: number): void {
    const { work, item } = member
    if (this.options.breaker.ended(item.queue.key, true, this.options.clock.monotonic()).closedNow) this.endOutage()
    if (handledChannel.hasSubscribers) {
      const totalMs = Math.max(0, this.options.clock.now() - item.record!.timestamp)
      handledChannel.publish({ ...this.note(member), attempt: this.attemptOf(member), durationMs, totalMs })
    }
    const { observer, subscription } = this.options.environment
    observer?.handled(subscription, member.event, this.attemptOf(member))
    if (item.letter) this.options.letters.handled(work, item)
    else work.complete(item)
  }

  /** No further attempt: the event is kept as a dead letter. */
  private bury(work: PartitionWork, item: Item, reason: DeadReason, error: unknown, event?: VeltrixEvent): void {
    const { observer, subscription } = this.options.environment
    observer?.dead(subscription, event, reason, error)
    this.options.letters.keep(work, item, reason, error)
  }

  private failed(running: Running, member: Member, thrown: unknown): void {
    const { work, item } = member
    const { breaker, clock, subscription } = this.options
    const reason = AttemptContext.abortReason(running.context)
    if (reason && !(reason instanceof HandlerTimeout)) return this.interrupted(member)
    const error = reason ? new HandlerTimeout(subscription.timeoutMs, { cause: thrown }) : thrown
    const unrecoverable = codeOf(error) === 'VLX_UNRECOVERABLE'
    // One that says it can never work says nothing about the others.
    if (unrecoverable) breaker.interrupted()
    const verdict = unrecoverable ? undefined : breaker.ended(item.queue.key, false, clock.monotonic())
    if (verdict?.closedNow) this.endOutage()
    if (verdict && !verdict.counts) return this.holdForOutage(member, error)
    if (!member.precounted) item.attempts++
    item.firstAttemptAt ||= clock.now()
    item.lastAttemptAt = clock.now()
    if (unrecoverable) this.bury(work, item, 'unrecoverable', error, member.event)
    else if (item.attempts >= subscription.retry.attempts)
      this.bury(work, item, 'attempts-exhausted', error, member.event)
    else this.retry(member, error)
  }

  /**
   * Cut short because the partition or the worker goes: not an attempt. The event stays open and is the next owner's; where only
   * other events of its batch go, it is ours still and starts again.
   */
  private interrupted({ item, work, precounted }: Member): void {
    this.options.breaker.interrupted()
    if (precounted) this.uncount(work, item)
    if (!work.closing) work.putBack(item)
  }

  /** The key waits for its backoff and for its count to be stored, whichever takes longer. */
  private retry(member: Member, error: unknown): void {
    const { work, item } = member
    const { retry } = this.options.subscription
    const delayMs = isRetryAfter(error) ? error.delayMs : backoffMs(retry, item.attempts, this.options.random)
    this.announceRetry(member, item.attempts, delayMs, error)
    work.wait(item)
    const stored = item.letter ? Promise.resolve() : this.options.committer.persisted(work)
    const backoff = new Promise<void>((resolve) => void this.options.clock.setTimer(delayMs, resolve))
    Promise.all([stored, backoff]).then(
      () => this.resume(work, item.queue),
      () => {},
    )
  }

  private holdForOutage(member: Member, error: unknown): void {
    const { work, item } = member
    const { breaker, clock, random, subscription } = this.options
    if (member.precounted) item.attempts--
    // Longer than until the next probe, so that another key is tried then.
    const delayMs = Math.ceil(breaker.probeInMs(clock.monotonic()) * 2 + random() * subscription.breaker.probeMinMs)
    this.announceRetry(member, item.attempts + 1, delayMs, error)
    work.wait(item)
    this.outage.set(item.queue, work)
    clock.setTimer(delayMs, () => this.outage.has(item.queue) && this.resume(work, item.queue), { unref: true })
  }

  private endOutage(): void {
    for (const [queue, work] of [...this.outage]) this.resume(work, queue)
  }

  private resume(work: PartitionWork, queue: KeyQueue): void {
    this.outage.delete(queue)
    work.resume(queue)
    this.options.wake()
  }

  private releaseStuck(running: Running): void {
    const forMs = this.options.clock.monotonic() - running.startedAt
    this.releaseSlot(running, forMs)
    if (stuckChannel.hasSubscribers)
      for (const member of running.members) stuckChannel.publish({ ...this.note(member), forMs })
    this.options.wake()
  }

  private releaseSlot(running: Running, slotMs: number): void {
    if (!running.hasSlot) return
    running.hasSlot = false
    this.options.scheduler.finished(running.lane, slotMs)
  }

  private attemptOf({ item, precounted }: Member): number {
    return item.attempts + (precounted ? 0 : 1)
  }

  private noteBreaker(): void {
    const { state, keys } = this.options.breaker
    if (state === this.lastBreakerState) return
    this.lastBreakerState = state
    const subscription = this.options.subscription.name
    breakerChannel.publish({ subscription, state, failingKeys: keys.failing, seenKeys: keys.seen })
  }

  private announceStart(member: Member): void {
    const waitedMs = Math.max(0, this.options.clock.now() - member.item.record!.timestamp)
    startedChannel.publish({ ...this.note(member), attempt: this.attemptOf(member), waitedMs })
  }

  private announceRetry(member: Member, attempt: number, delayMs: number, error: unknown): void {
    if (!retryChannel.hasSubscribers) return
    const failure = error instanceof Error ? error : new Error(String(error))
    retryChannel.publish({ ...this.note(member), attempt, delayMs, error: failure })
  }

  private note({ work, item, event }: Member): ReturnType<typeof noteOf> {
    return noteOf(this.options.subscription.name, this.options.laneName(work.lane), work, item, event)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function codeOf(error: unknown): string | undefined {
  return isVeltrixError(error) ? error.code : undefined
}

function isRetryAfter(error: unknown): error is RetryAfter {
  return codeOf(error) === 'VLX_RETRY_AFTER'
}

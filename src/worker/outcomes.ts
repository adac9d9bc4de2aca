/**
 * What follows from how an attempt ended: the event is done, tries again after its backoff, waits for the end of an outage, or is kept
 * as a dead letter.
 * @module
 */
import type { AttemptOutcome } from '../channels.ts'
import type { Clock } from '../clock.ts'
import type { CompiledSubscription } from '../config/index.ts'
import type { DeadReason } from '../deadletter/index.ts'
import { isVeltrixError } from '../errors.ts'
import type { VeltrixEvent } from '../event/index.ts'
import type { AppendRecord } from '../transport/index.ts'
import type { AttemptChannels } from './attempt-channels.ts'
import { backoffMs } from './backoff.ts'
import type { CircuitBreaker } from './breaker.ts'
import type { Committer } from './committer.ts'
import { AttemptContext, type AttemptEnvironment } from './context.ts'
import { HandlerTimeout, type RetryAfter } from './errors.ts'
import type { Item, KeyQueue } from './item.ts'
import type { Letters } from './letters.ts'
import { OutageHold } from './outage-hold.ts'
import type { PartitionWork } from './partition-work.ts'
import { attemptOf, type Member, type Running } from './running.ts'

export interface OutcomesOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly subscription: CompiledSubscription
  readonly environment: AttemptEnvironment
  readonly breaker: CircuitBreaker
  readonly committer: Committer
  readonly letters: Letters
  readonly channels: AttemptChannels
  /** Takes back the count of an attempt that was counted before it started. */
  readonly uncount: (work: PartitionWork, item: Item) => void
  readonly wake: () => void
}

export class Outcomes {
  private readonly options: OutcomesOptions
  private readonly outage: OutageHold

  constructor(options: OutcomesOptions) {
    this.options = options
    this.outage = new OutageHold(options.clock, (work, queue) => this.resume(work, queue))
  }

  /** @param staged what it published, to be stored with the commit in which the event is done */
  handled(member: Member, staged: readonly AppendRecord[], durationMs: number): void {
    const { work, item } = member
    const { breaker, clock, channels, environment, letters, committer } = this.options
    if (breaker.ended(item.queue.key, true, clock.monotonic()).closedNow) this.outage.end()
    channels.handled(member, durationMs)
    environment.observer?.handled(environment.subscription, member.event, attemptOf(member))
    if (item.letter) return letters.handled(work, item, staged)
    work.staged.add(staged)
    work.complete(item)
    if (work.staged.isMany) committer.request()
  }

  /** Answers with what follows. */
  failed(member: Member, running: Running, thrown: unknown): AttemptOutcome {
    const { item } = member
    const { breaker, channels, clock, subscription } = this.options
    const reason = AttemptContext.abortReason(running.context)
    if (reason && !(reason instanceof HandlerTimeout)) return this.interrupted(member)
    const error = reason ? new HandlerTimeout(subscription.timeoutMs, { cause: thrown }) : thrown
    channels.failed(member, clock.monotonic() - running.startedAt, error)
    const unrecoverable = codeOf(error) === 'VLX_UNRECOVERABLE'
    // One that says it can never work says nothing about the others.
    if (unrecoverable) breaker.interrupted()
    const verdict = unrecoverable ? undefined : breaker.ended(item.queue.key, false, clock.monotonic())
    if (verdict?.closedNow) this.outage.end()
    if (verdict && !verdict.counts) return this.holdForOutage(member, error)
    if (!member.precounted) item.attempts++
    item.firstAttemptAt ||= clock.now()
    item.lastAttemptAt = clock.now()
    if (unrecoverable) return this.bury(member, 'unrecoverable', error)
    if (item.attempts >= subscription.retry.attempts) return this.bury(member, 'attempts-exhausted', error)
    return this.retry(member, error)
  }

  /** No further attempt: the event is kept as a dead letter. It may be none that can be read. */
  bury(
    { work, item, event }: { work: PartitionWork; item: Item; event?: VeltrixEvent },
    reason: DeadReason,
    error: unknown,
  ): AttemptOutcome {
    const { observer, subscription } = this.options.environment
    observer?.dead(subscription, event, reason, error)
    this.options.letters.keep(work, item, reason, error)
    return { fate: 'dead', reason, error }
  }

  /**
   * Cut short because the partition or the worker goes: not an attempt. The event stays open and is the next owner's; where only
   * other events of its batch go, it is ours still and starts again.
   */
  private interrupted({ item, work, precounted }: Member): AttemptOutcome {
    this.options.breaker.interrupted()
    if (precounted) this.options.uncount(work, item)
    if (!work.closing) work.putBack(item)
    return { fate: 'interrupted' }
  }

  /** The key waits for its backoff and for its count to be stored, whichever takes longer. */
  private retry(member: Member, error: unknown): AttemptOutcome {
    const { work, item } = member
    const { clock, random, subscription, channels, committer } = this.options
    const delayMs = isRetryAfter(error) ? error.delayMs : backoffMs(subscription.retry, item.attempts, random)
    channels.retry(member, item.attempts, delayMs, error)
    work.wait(item)
    const stored = item.letter ? Promise.resolve() : committer.persisted(work)
    const backoff = new Promise<void>((resolve) => void clock.setTimer(delayMs, resolve))
    Promise.all([stored, backoff]).then(
      () => this.resume(work, item.queue),
      () => {},
    )
    return { fate: 'retry', delayMs, error }
  }

  private holdForOutage(member: Member, error: unknown): AttemptOutcome {
    const { work, item } = member
    const { breaker, clock, random, subscription, channels } = this.options
    if (member.precounted) item.attempts--
    // Longer than until the next probe, so that another key is tried then.
    const delayMs = Math.ceil(breaker.probeInMs(clock.monotonic()) * 2 + random() * subscription.breaker.probeMinMs)
    channels.retry(member, item.attempts + 1, delayMs, error)
    work.wait(item)
    this.outage.hold(work, item.queue, delayMs)
    return { fate: 'retry', delayMs, error }
  }

  private resume(work: PartitionWork, queue: KeyQueue): void {
    work.resume(queue)
    this.options.wake()
  }
}

function codeOf(error: unknown): string | undefined {
  return isVeltrixError(error) ? error.code : undefined
}

function isRetryAfter(error: unknown): error is RetryAfter {
  return codeOf(error) === 'VLX_RETRY_AFTER'
}

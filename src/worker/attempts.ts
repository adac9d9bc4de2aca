/**
 * Attempts: whether an event that was taken from its partition needs one, and counting it first where a count made after might never be.
 * @module
 */
import type { Clock } from '../clock.ts'
import type { CompiledSubscription } from '../config/index.ts'
import { decodeEvent, eventType, type VeltrixEvent } from '../event/index.ts'
import { AttemptChannels } from './attempt-channels.ts'
import type { CircuitBreaker } from './breaker.ts'
import type { Committer } from './committer.ts'
import type { AttemptEnvironment } from './context.ts'
import { HandlerInvalid } from './errors.ts'
import type { ForeignRecords } from './foreign-records.ts'
import { HandlerCalls } from './handler-calls.ts'
import type { Handling } from './handlers.ts'
import type { Item } from './item.ts'
import type { LaneScheduler } from './lane-scheduler.ts'
import type { Letters } from './letters.ts'
import { Outcomes } from './outcomes.ts'
import type { PartitionWork } from './partition-work.ts'
import type { RunningHandlers } from './running.ts'
import { Suspects } from './suspects.ts'

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
  readonly foreign: ForeignRecords
  readonly laneName: (lane: number) => string
  readonly wake: () => void
}

export class Attempts {
  private readonly options: AttemptsOptions
  private readonly calls: HandlerCalls
  private readonly outcomes: Outcomes
  private readonly suspects: Suspects

  constructor(options: AttemptsOptions) {
    this.options = options
    const { clock, subscription, laneName, committer, wake, environment } = options
    const channels = new AttemptChannels({ clock, subscription, laneName, transport: environment.transport })
    const outcomes = new Outcomes({ ...options, channels, uncount: (work, item) => this.uncount(work, item) })
    this.outcomes = outcomes
    const suspects = new Suspects(subscription.retry.attempts, (work, item) => void this.countFirst(work, item))
    this.suspects = suspects
    this.calls = new HandlerCalls({
      ...options,
      channels,
      handled: (member, staged, durationMs) => outcomes.handled(member, staged, durationMs),
      failed: (member, running, thrown) => outcomes.failed(member, running, thrown),
      over(members) {
        for (const { item } of members) suspects.over(item)
        committer.touch()
        wake()
      },
    })
  }

  get running(): RunningHandlers {
    return this.calls.running
  }

  /** Batches that are gathered, full or due, and only need a slot of their lane. */
  hasDueBatch(lane: number): boolean {
    return this.calls.batches.hasDue(lane)
  }

  /** Starts a due batch of the lane. */
  startDueBatch(lane: number): void {
    this.calls.batches.startDue(lane)
  }

  /** Gives events back that have not started, gathered for a batch or waiting for their turn, of partitions that end. */
  dropGathered(of: (work: PartitionWork) => boolean): void {
    this.suspects.drop(of)
    for (const { work, item, precounted } of this.calls.batches.drop(of)) {
      work.running--
      if (precounted) this.uncount(work, item)
      this.suspects.over(item)
    }
  }

  /** Starts an event that was taken from its partition. It may turn out to need no handler. */
  start(work: PartitionWork, item: Item): void {
    const { subscription, letters } = this.options
    if (item.letter && letters.passOver(work, item)) return
    if (!this.takes(work, item)) return this.skip(work, item)
    // An earlier owner may have parked events that it could not have started.
    if (!item.letter && (item.suspect || item.attempts > 0 || work.keptBefore.has(item.offset))) {
      if (letters.isKept(work, item)) return this.adopt(work, item)
      // Counted already, and its worker ended before it could be kept.
      if (item.attempts >= subscription.retry.attempts) {
        const reason = item.suspect ? 'crashed' : 'attempts-exhausted'
        return letters.keep(work, item, reason, new Error(`The worker ended in or after attempt ${item.attempts}.`))
      }
      if (item.suspect) return this.suspects.add(work, item)
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
      return this.suspects.over(item)
    } finally {
      work.running--
    }
    if (work.gone) return this.suspects.over(item)
    if (work.closing) {
      this.uncount(work, item)
      return this.suspects.over(item)
    }
    this.decodeAndRun(work, item, true)
  }

  private uncount(work: PartitionWork, item: Item): void {
    item.attempts--
    work.dirty = true
    this.running.tellIdle()
  }

  private decodeAndRun(work: PartitionWork, item: Item, precounted: boolean): void {
    let event: VeltrixEvent | Promise<VeltrixEvent>
    try {
      event = this.options.foreign.adopt(work, item) ?? decodeEvent(item.record!)
    } catch (error) {
      return this.invalid(work, item, error)
    }
    if (event instanceof Promise) void this.runChecked(work, item, event, precounted)
    else this.calls.start({ work, item, event, precounted })
  }

  /** The schema of an adopted record takes its time: the event is in hand meanwhile. */
  private async runChecked(
    work: PartitionWork,
    item: Item,
    checking: Promise<VeltrixEvent>,
    precounted: boolean,
  ): Promise<void> {
    work.running++
    const checked = await checking.then(
      (event) => ({ event }),
      (error: unknown) => ({ error }),
    )
    work.running--
    if (work.gone || work.closing) {
      if (precounted) this.uncount(work, item)
      this.suspects.over(item)
      this.running.tellIdle()
    } else if ('error' in checked) this.invalid(work, item, checked.error)
    else this.calls.start({ work, item, event: checked.event, precounted })
  }

  private invalid(work: PartitionWork, item: Item, error: unknown): void {
    item.firstAttemptAt ||= this.options.clock.now()
    item.lastAttemptAt = this.options.clock.now()
    this.suspects.over(item)
    this.outcomes.bury({ work, item }, 'invalid-event', error)
    this.options.wake()
  }

  private adopt(work: PartitionWork, item: Item): void {
    this.options.letters.adopt(work, item)
    this.options.committer.touch()
  }

  /** What has no type may be anything: it is looked at. */
  private takes(work: PartitionWork, item: Item): boolean {
    const type = this.options.foreign.typeOf(work.stream, item.record!)
    return type === undefined || this.options.subscription.events.has(type)
  }

  /** Nothing is to be done for it. A letter is one that was kept when the subscription took its type: it stays one. */
  private skip(work: PartitionWork, item: Item): void {
    if (item.letter) return this.invalid(work, item, new HandlerInvalid(notTaken(item, this.options.subscription)))
    work.complete(item)
    this.options.committer.touch()
  }
}

function notTaken({ record }: Item, { name }: CompiledSubscription): string {
  return `The subscription "${name}" does not take events of the type "${eventType(record!)}" any more. Add the type to its events, or discard the letter.`
}

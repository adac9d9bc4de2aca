/**
 * What a handler is given beside the event.
 * @module
 */
import type { VeltrixEvent } from '../event/index.ts'
import type { InboxStore } from '../inbox/index.ts'
import type { AppendRecord } from '../transport/index.ts'
import { HandlerInterrupted, InboxMissing } from './errors.ts'
import { StagedPublishes, type StagedEvent } from './staged-publishes.ts'

/** Publishes from inside a handler; the composition root supplies it. */
export type PublishFromHandler = (
  type: string,
  data: unknown,
  options: unknown,
  cause: VeltrixEvent,
) => Promise<unknown>

/** Checks and encodes an event that a handler publishes, instead of publishing it at once. */
export type StageFromHandler = (
  type: string,
  data: unknown,
  options: unknown,
  cause: VeltrixEvent,
) => StagedEvent | Promise<StagedEvent>

/** What every attempt of one subscription shares. */
export interface AttemptEnvironment {
  readonly subscription: string
  /** Name of the transport, for those who listen. */
  readonly transport: string
  readonly maxAttempts: number
  readonly inbox: InboxStore<unknown> | undefined
  readonly inboxWindowMs: number
  readonly publish: PublishFromHandler
  /** Set where what handlers publish is stored with the commit (`exactlyOnce`). */
  readonly stage?: StageFromHandler
  readonly now: () => number
  /** Whether the member's session is over: others may have what this process works on. */
  readonly isStale?: () => boolean
  readonly observer?: WorkerObserver
}

/** Is told, with the event, what became of it. For spies in tests; everything else listens to the channels. Must not throw. */
export interface WorkerObserver {
  handled(subscription: string, event: VeltrixEvent, attempt: number): void
  /** `event` is missing when the record is none. */
  dead(subscription: string, event: VeltrixEvent | undefined, reason: string, error: unknown): void
}

export interface AttemptPlace {
  readonly lane: string
  readonly stream: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

const nothing: readonly AppendRecord[] = []

const stale =
  'The session of this worker is over: another one may work on this event, so nothing is done for it here. Was the process stopped, or the machine overloaded? See worker.sessionTimeout.'

/** The context of one attempt of one event. */
export class AttemptContext<Tx = unknown> {
  readonly lane: string
  readonly stream: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** 1 for the first. */
  readonly attempt: number
  /** True when this is a dead letter being run again. */
  readonly redriven: boolean
  readonly #event: VeltrixEvent
  readonly #environment: AttemptEnvironment
  #controller: AbortController | undefined
  #abortReason: Error | undefined
  /** In a batch, the context that is aborted. */
  #leader: AttemptContext<Tx> | undefined
  #staged: StagedPublishes | undefined

  constructor(
    environment: AttemptEnvironment,
    place: AttemptPlace,
    attempt: { attempt: number; redriven: boolean },
    event: VeltrixEvent,
  ) {
    this.#environment = environment
    this.#event = event
    this.lane = place.lane
    this.stream = place.stream
    this.topic = place.topic
    this.partition = place.partition
    this.offset = place.offset
    this.attempt = attempt.attempt
    this.redriven = attempt.redriven
  }

  get subscription(): string {
    return this.#environment.subscription
  }

  /** Attempts in total before the event becomes a dead letter. */
  get maxAttempts(): number {
    return this.#environment.maxAttempts
  }

  /** Aborts at the time-out, and when the partition or the worker goes: pass it on. Made when first asked for. */
  get signal(): AbortSignal {
    if (this.#leader && this.#leader !== this) return this.#leader.signal
    this.#controller ??= new AbortController()
    if (this.#abortReason) this.#controller.abort(this.#abortReason)
    return this.#controller.signal
  }

  /**
   * Publishes an event caused by this one: it carries `causationid` and the trace on. In a subscription with `exactlyOnce` it is stored with
   * the commit of this one.
   */
  publish(type: string, data: unknown, options: unknown = {}): Promise<unknown> {
    const { stage, subscription } = this.#environment
    if (stage) {
      this.#staged ??= new StagedPublishes(subscription)
      return this.#staged.add(() => stage(type, data, options, this.#event))
    }
    return this.#environment.publish(type, data, options, this.#event)
  }

  /**
   * Runs `effect` at most once for this event, in the inbox's transaction. Several effects in one handler need names.
   * @throws InboxMissing when the application has no inbox; InboxUnavailable; HandlerInterrupted when the partition is somebody else's by
   * now, or may be; what the effect throws
   */
  once<T>(effect: (tx: Tx) => T | Promise<T>): Promise<{ applied: boolean; value?: T }>
  once<T>(name: string, effect: (tx: Tx) => T | Promise<T>): Promise<{ applied: boolean; value?: T }>
  once<T>(
    first: string | ((tx: Tx) => T | Promise<T>),
    second?: (tx: Tx) => T | Promise<T>,
  ): Promise<{ applied: boolean; value?: T }> {
    const { inbox, subscription, inboxWindowMs, now, isStale } = this.#environment
    if (!inbox) return Promise.reject(new InboxMissing(subscription))
    const attempt = this.#leader ?? this
    if (isStale?.() === true) AttemptContext.abort(attempt, new HandlerInterrupted(stale))
    const reason = attempt.#abortReason
    if (reason instanceof HandlerInterrupted) return Promise.reject(reason)
    const effect = (typeof first === 'function' ? first : second!) as (tx: unknown) => T | Promise<T>
    const { source, id } = this.#event
    const name = typeof first === 'string' ? first : ''
    return inbox.once({ subscription, source, id, effect: name, windowMs: inboxWindowMs, now: now() }, effect)
  }

  /** The context of a batch whose events have `contexts`; this one's signal is theirs all. */
  asBatch(contexts: readonly AttemptContext<Tx>[]): BatchAttemptContext<Tx> {
    for (const context of contexts) context.#leader = this
    return new BatchAttemptContext(this, contexts)
  }

  /** Not for handlers: ends the attempt's patience. */
  static abort(context: AttemptContext<any>, reason: Error): void {
    if (context.#abortReason) return
    context.#abortReason = reason
    context.#controller?.abort(reason)
  }

  /**
   * Not for handlers: the attempt is over; gives what it published, to be stored with the commit.
   * @throws HandlerEnded when something of it is still being checked
   */
  static end(context: AttemptContext<any>): readonly AppendRecord[] {
    const { stage, subscription } = context.#environment
    if (!stage) return nothing
    // Also where nothing was published: what comes late has to be refused.
    context.#staged ??= new StagedPublishes(subscription)
    return context.#staged.end()
  }

  static abortReason(context: AttemptContext<any>): Error | undefined {
    return context.#abortReason
  }
}

/** The context of a batch: what belongs to one event is in `events`, at its index. */
export class BatchAttemptContext<Tx = unknown> {
  readonly events: readonly AttemptContext<Tx>[]
  readonly #first: AttemptContext<Tx>

  constructor(first: AttemptContext<Tx>, events: readonly AttemptContext<Tx>[]) {
    this.#first = first
    this.events = events
  }

  get subscription(): string {
    return this.#first.subscription
  }

  get signal(): AbortSignal {
    return this.#first.signal
  }

  /** Publishes an event caused by the batch: it carries the first event's id and trace on. */
  publish(type: string, data: unknown, options: unknown = {}): Promise<unknown> {
    return this.#first.publish(type, data, options)
  }
}

/**
 * Calling handlers: one event or a batch, in a slot of its lane, until the call is over.
 * @module
 */
import type { AttemptOutcome } from '../channels.ts'
import type { Clock } from '../clock.ts'
import type { CompiledSubscription } from '../config/index.ts'
import type { AppendRecord } from '../transport/index.ts'
import type { AttemptChannels } from './attempt-channels.ts'
import { BatchGatherer, batchOutcomes } from './batches.ts'
import type { CircuitBreaker } from './breaker.ts'
import { AttemptContext, type AttemptEnvironment } from './context.ts'
import type { AnyBatchHandler, Handling } from './handlers.ts'
import type { LaneScheduler } from './lane-scheduler.ts'
import { attemptOf, RunningHandlers, type Member, type Running } from './running.ts'

export interface HandlerCallsOptions {
  readonly clock: Clock
  readonly subscription: CompiledSubscription
  readonly handlers: ReadonlyMap<string, Handling>
  readonly environment: AttemptEnvironment
  readonly scheduler: LaneScheduler
  readonly breaker: CircuitBreaker
  readonly channels: AttemptChannels
  readonly laneName: (lane: number) => string
  /** A call has succeeded for one of its events, whose partition is held still. `staged`: what it published. */
  readonly handled: (member: Member, staged: readonly AppendRecord[], durationMs: number) => void
  /** It has failed for one of its events, whose partition is held still. Answers with what follows. */
  readonly failed: (member: Member, running: Running, thrown: unknown) => AttemptOutcome
  /** A call is over for all its events, also those whose partition is gone; or it is stuck and nobody waits for it any more. */
  readonly over: (members: readonly Member[]) => void
  readonly wake: () => void
}

const handledOutcome: AttemptOutcome = { fate: 'handled' }
const interruptedOutcome: AttemptOutcome = { fate: 'interrupted' }

export class HandlerCalls {
  readonly running: RunningHandlers
  /** Events taken into batches that have not started. */
  readonly batches: BatchGatherer
  private readonly options: HandlerCallsOptions

  constructor(options: HandlerCallsOptions) {
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

  /** Calls the event's handler, or lets it join a batch. */
  start(member: Member): void {
    const handling = this.options.handlers.get(member.event.type)!
    member.work.running++
    if (handling.kind === 'batch') return this.batches.add(member, handling)
    const context = this.contextOf(member)
    const running = this.began([member], [context], false)
    let result: unknown
    try {
      const { call } = running
      const { run } = handling
      result = call === undefined ? run(member.event, context) : call.run(() => run(member.event, context))
    } catch (error) {
      return this.ended(running, [error ?? threwNothing()])
    }
    if (!isThenable(result)) return this.ended(running, [undefined])
    result.then(
      () => this.ended(running, [undefined]),
      (error: unknown) => this.ended(running, [error ?? threwNothing()]),
    )
  }

  private runBatch(members: readonly Member[], handler: AnyBatchHandler): void {
    const contexts = members.map((member) => this.contextOf(member))
    const running = this.began(members, contexts, true)
    const { call } = running
    const batch = contexts[0]!.asBatch(contexts)
    const events = members.map(({ event }) => event)
    const run = (): unknown => handler(events, batch)
    new Promise((resolve) => resolve(call === undefined ? run() : call.run(run))).then(
      (results) => this.ended(running, batchOutcomes(results, members.length)),
      (error: unknown) =>
        this.ended(
          running,
          members.map(() => error ?? threwNothing()),
        ),
    )
  }

  private contextOf(member: Member): AttemptContext<unknown> {
    const { work, item, event } = member
    const place = {
      lane: this.options.laneName(work.lane),
      stream: work.stream,
      topic: work.topic,
      partition: work.partition,
      offset: item.offset,
    }
    const attempt = { attempt: attemptOf(member), redriven: item.letter !== undefined }
    return new AttemptContext(this.options.environment, place, attempt, event)
  }

  private began(members: readonly Member[], contexts: readonly AttemptContext<unknown>[], isBatch: boolean): Running {
    const { clock, scheduler, breaker, channels } = this.options
    const startedAt = clock.monotonic()
    const lane = members[0]!.work.lane
    scheduler.started(lane)
    breaker.started(startedAt)
    channels.breaker(breaker)
    const running: Running = {
      members,
      lane,
      context: contexts[0]!,
      contexts,
      startedAt,
      call: channels.begin(members, isBatch),
      hasSlot: true,
      overdue: false,
      standing: false,
      before: undefined,
      after: undefined,
    }
    this.running.add(running)
    channels.started(members)
    return running
  }

  private ended(running: Running, outcomes: readonly unknown[]): void {
    const { clock, breaker, channels, over } = this.options
    const durationMs = clock.monotonic() - running.startedAt
    this.releaseSlot(running, durationMs)
    this.running.remove(running)
    const { call } = running
    for (let i = 0; i < running.members.length; i++) {
      const member = running.members[i]!
      member.work.running--
      const outcome = this.endedFor(member, running, outcomes[i], running.contexts[i]!, durationMs)
      if (call !== undefined) call.attempts[i]!.outcome = outcome
    }
    if (call !== undefined) channels.end(call)
    channels.breaker(breaker)
    over(running.members)
  }

  private endedFor(
    member: Member,
    running: Running,
    thrown: unknown,
    context: AttemptContext<unknown>,
    durationMs: number,
  ): AttemptOutcome {
    const { handled, failed, breaker } = this.options
    if (member.work.gone) {
      breaker.interrupted()
      return interruptedOutcome
    }
    let staged: readonly AppendRecord[]
    try {
      staged = AttemptContext.end(context)
    } catch (error) {
      return failed(member, running, thrown ?? error)
    }
    if (thrown !== undefined) return failed(member, running, thrown)
    handled(member, staged, durationMs)
    return handledOutcome
  }

  private releaseStuck(running: Running): void {
    const forMs = this.options.clock.monotonic() - running.startedAt
    this.releaseSlot(running, forMs)
    this.options.channels.stuck(running, forMs)
    this.options.over(running.members)
  }

  private releaseSlot(running: Running, slotMs: number): void {
    if (!running.hasSlot) return
    running.hasSlot = false
    this.options.scheduler.finished(running.lane, slotMs)
  }
}

function threwNothing(): Error {
  return new Error('The handler threw nothing.')
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

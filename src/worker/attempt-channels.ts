/**
 * What the channels are told of attempts.
 * @module
 */
import { channelOf, type EventNote, type HandlerAttempt, type HandlerCall } from '../channels.ts'
import type { Clock } from '../clock.ts'
import type { CompiledSubscription } from '../config/index.ts'
import type { CircuitBreaker } from './breaker.ts'
import { noteOf } from './note.ts'
import { attemptOf, type Member, type Running } from './running.ts'

const beginChannel = channelOf('veltrix:handler:begin')
const endChannel = channelOf('veltrix:handler:end')
const startedChannel = channelOf('veltrix:worker:started')
const handledChannel = channelOf('veltrix:worker:handled')
const failedChannel = channelOf('veltrix:worker:failed')
const retryChannel = channelOf('veltrix:worker:retry')
const breakerChannel = channelOf('veltrix:worker:breaker')
const stuckChannel = channelOf('veltrix:worker:stuck')

const plainly: HandlerCall['run'] = (handler) => handler()

export interface AttemptChannelsOptions {
  readonly clock: Clock
  readonly subscription: Pick<CompiledSubscription, 'name' | 'group'>
  /** Name of the transport. */
  readonly transport: string
  readonly laneName: (lane: number) => string
}

export class AttemptChannels {
  private readonly options: AttemptChannelsOptions
  private breakerState: string = 'closed'

  constructor(options: AttemptChannelsOptions) {
    this.options = options
  }

  /** A handler is about to be called. Undefined when nobody listens. */
  begin(members: readonly Member[], isBatch: boolean): HandlerCall | undefined {
    if (!beginChannel.hasSubscribers) return undefined
    const { subscription, transport, laneName } = this.options
    const call: HandlerCall = {
      transport,
      subscription: subscription.name,
      group: subscription.group,
      lane: laneName(members[0]!.work.lane),
      isBatch,
      attempts: members.map((member) => this.attempt(member)),
      run: plainly,
    }
    beginChannel.publish(call)
    return call
  }

  /** It is over, and its attempts have their outcomes. */
  end(call: HandlerCall): void {
    endChannel.publish(call)
  }

  started(members: readonly Member[]): void {
    if (!startedChannel.hasSubscribers) return
    for (const member of members) {
      const waitedMs = this.sinceAppend(member)
      startedChannel.publish({ ...this.note(member), attempt: attemptOf(member), waitedMs })
    }
  }

  handled(member: Member, durationMs: number): void {
    if (!handledChannel.hasSubscribers) return
    const totalMs = this.sinceAppend(member)
    handledChannel.publish({ ...this.note(member), attempt: attemptOf(member), durationMs, totalMs })
  }

  failed(member: Member, durationMs: number, error: unknown): void {
    if (!failedChannel.hasSubscribers) return
    failedChannel.publish({ ...this.note(member), attempt: attemptOf(member), durationMs, error: errorOf(error) })
  }

  retry(member: Member, attempt: number, delayMs: number, error: unknown): void {
    if (!retryChannel.hasSubscribers) return
    retryChannel.publish({ ...this.note(member), attempt, delayMs, error: errorOf(error) })
  }

  stuck(running: Running, forMs: number): void {
    if (!stuckChannel.hasSubscribers) return
    for (const member of running.members) stuckChannel.publish({ ...this.note(member), forMs })
  }

  /** Told when the state has changed since the last call. */
  breaker({ state, keys }: CircuitBreaker): void {
    if (state === this.breakerState) return
    this.breakerState = state
    const { name } = this.options.subscription
    breakerChannel.publish({ subscription: name, state, failingKeys: keys.failing, seenKeys: keys.seen })
  }

  /** A note and more. Written out: every event pays for it where somebody traces, and `...` would make two objects of it. */
  private attempt(member: Member): HandlerAttempt {
    const { work, item, event } = member
    return {
      subscription: this.options.subscription.name,
      lane: this.options.laneName(work.lane),
      stream: work.stream,
      topic: work.topic,
      partition: work.partition,
      offset: item.offset,
      key: item.queue.key,
      type: event.type,
      id: event.id,
      event,
      item,
      attempt: attemptOf(member),
      waitedMs: this.sinceAppend(member),
      redriven: item.letter !== undefined,
      outcome: undefined,
    }
  }

  private sinceAppend({ item }: Member): number {
    return Math.max(0, this.options.clock.now() - item.record!.timestamp)
  }

  private note({ work, item, event }: Member): EventNote {
    return noteOf(this.options.subscription.name, this.options.laneName(work.lane), work, item, event)
  }
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/**
 * Handlers that are running: their time limits, and waiting until they end.
 *
 * A handler is aborted at its time-out, but its key stays held until it really returns: starting the next attempt beside one that
 * ignores its signal would overlap two attempts of one key. After as much time again its slot is given back, so that
 * stuck handlers slow a subscription down but do not stop it.
 * @module
 */
import type { HandlerCall } from '../channels.ts'
import type { Clock, Timer } from '../clock.ts'
import type { VeltrixEvent } from '../event/index.ts'
import { AttemptContext } from './context.ts'
import { HandlerTimeout } from './errors.ts'
import type { Item } from './item.ts'
import type { PartitionWork } from './partition-work.ts'
import { RunningLine, type InLine } from './running-line.ts'

/** One event in a handler's hands. */
export interface Member {
  readonly work: PartitionWork
  readonly item: Item
  readonly event: VeltrixEvent
  /** The attempt was counted (and stored) before it started. */
  readonly precounted: boolean
}

/** Which attempt it is: 1 for the first. */
export function attemptOf({ item, precounted }: Member): number {
  return item.attempts + (precounted ? 0 : 1)
}

/** One handler call: one event, or a batch. */
export interface Running extends InLine<Running> {
  readonly members: readonly Member[]
  readonly lane: number
  readonly context: AttemptContext<unknown>
  /** Of each member. */
  readonly contexts: readonly AttemptContext<unknown>[]
  /** `monotonic()` time. */
  readonly startedAt: number
  /** What subscribers were told of it, to be told again at its end; undefined when nobody listens. */
  readonly call: HandlerCall | undefined
  /** It still holds its slot. */
  hasSlot: boolean
  overdue: boolean
}

export interface OverdueEvent {
  readonly type: string
  readonly key: string
  readonly offset: number
}

export interface RunningOptions {
  readonly clock: Clock
  readonly timeoutMs: number
  /** A handler ignored its signal for another `timeoutMs`: give its slot back. */
  readonly stuck: (running: Running) => void
}

export class RunningHandlers {
  private readonly options: RunningOptions
  /** In order of start, so the first is the next to time out: they all have the same limit. */
  private readonly active = new RunningLine<Running>()
  private readonly overdue = new Set<Running>()
  /** Past twice the limit, slot given back, still not returned. */
  private readonly abandoned = new Set<Running>()
  private timer: Timer | undefined
  private timerAt = Infinity
  private idle: (() => void)[] = []

  constructor(options: RunningOptions) {
    this.options = options
  }

  get size(): number {
    return this.active.size + this.overdue.size + this.abandoned.size
  }

  add(running: Running): void {
    this.active.add(running)
    if (!this.timer) this.schedule()
  }

  remove(running: Running): void {
    if (!running.overdue) this.active.remove(running)
    this.overdue.delete(running)
    this.abandoned.delete(running)
    if (this.idle.length > 0) this.tellIdle()
  }

  /** Whether anything runs, and the first event of the partition whose handler is past its time-out. */
  stateOf(work: PartitionWork): { readonly anyRuns: boolean; readonly overdue: OverdueEvent | undefined } {
    for (const { members } of [...this.overdue, ...this.abandoned]) {
      const member = members.find((each) => each.work === work)
      if (!member) continue
      const { event, item } = member
      return { anyRuns: true, overdue: { type: event.type, key: item.queue.key, offset: item.offset } }
    }
    return { anyRuns: this.size > 0, overdue: undefined }
  }

  /** Aborts what runs for these partitions (all: undefined). */
  abort(reason: Error, of?: ReadonlySet<PartitionWork>): void {
    for (const running of [...this.active, ...this.overdue, ...this.abandoned]) {
      if (!of || running.members.some(({ work }) => of.has(work))) AttemptContext.abort(running.context, reason)
    }
  }

  /** Resolves when something ended; ask again what you wait for. */
  nextEnd(): Promise<void> {
    return new Promise((resolve) => this.idle.push(resolve))
  }

  /** Wakes those who wait, without anything having ended: what they wait for may be over otherwise. */
  tellIdle(): void {
    const waiting = this.idle
    this.idle = []
    for (const resolve of waiting) resolve()
  }

  stop(): void {
    this.timer?.cancel()
    this.timer = undefined
    this.active.clear()
    this.overdue.clear()
    this.abandoned.clear()
    this.tellIdle()
  }

  private deadline(running: Running): number {
    return running.startedAt + this.options.timeoutMs * (running.overdue ? 2 : 1)
  }

  /** One timer for all: set for the oldest when needed, it looks again when it fires. */
  private schedule(): void {
    const { first } = this.active
    const firstOverdue = this.overdue.values().next().value
    const at = Math.min(first ? this.deadline(first) : Infinity, firstOverdue ? this.deadline(firstOverdue) : Infinity)
    if (at === Infinity || (this.timer && this.timerAt <= at)) return
    this.timer?.cancel()
    this.timerAt = at
    const delay = Math.max(0, at - this.options.clock.monotonic())
    this.timer = this.options.clock.setTimer(delay, () => this.expire(), { unref: true })
  }

  private expire(): void {
    this.timer = undefined
    // A timer may fire a fraction early.
    const now = this.options.clock.monotonic() + 1
    for (const running of this.active) {
      if (this.deadline(running) > now) break
      this.active.remove(running)
      running.overdue = true
      this.overdue.add(running)
      AttemptContext.abort(running.context, new HandlerTimeout(this.options.timeoutMs))
    }
    for (const running of this.overdue) {
      if (this.deadline(running) > now) break
      if (running.hasSlot) this.options.stuck(running)
      this.overdue.delete(running)
      this.abandoned.add(running)
    }
    this.schedule()
  }
}

/**
 * Time held in the hand: a {@link Clock} that moves only when told, for tests that must not wait nor depend on the machine's speed.
 * @module
 */
import type { Clock, Timer } from '../clock.ts'
import { TimerQueue, type PendingTimer } from './timer-queue.ts'

export interface VirtualClockOptions {
  /** Wall-clock time at the start, milliseconds since the epoch. Default 2026-01-01T00:00:00Z. */
  readonly startAt?: number
  /**
   * Turns of Node's event loop given to the code under test after each timer, so that promise chains through real input and output
   * get on. Default 1. With 0 only promises (and `nextTick`) settle: many times faster, for code without any real input and output.
   */
  readonly turns?: number
}

export interface RunLimits {
  /** Virtual milliseconds to go on for at most. Default 60,000. */
  readonly limitMs?: number
}

/** More rounds than this of `yield()` without time moving on, and time moves on anyway: somebody polls for a timer. */
const maxYieldRounds = 1000
/** The longest delay `setTimeout` takes; beyond it the real one fires at once. */
const maxDelayMs = 2 ** 31 - 1

/**
 * A clock under control. Timers fire in the order of their due times (equal ones in the order they were set), and everything that
 * follows from one timer settles before the next fires, so one and the same run repeats exactly.
 *
 * @example
 * const clock = new VirtualClock()
 * const woken = sleep(clock, 30_000)
 * await clock.advance(30_000) // at once
 * await woken
 */
export class VirtualClock implements Clock {
  readonly #timers = new TimerQueue()
  readonly #turns: number
  #monotonicMs = 0
  #wallOffsetMs: number
  #yielded: (() => void)[] = []
  #driving = 0
  #flushScheduled = false

  constructor(options: VirtualClockOptions = {}) {
    this.#wallOffsetMs = options.startAt ?? Date.UTC(2026, 0, 1)
    this.#turns = options.turns ?? 1
  }

  now(): number {
    return Math.floor(this.#wallOffsetMs + this.#monotonicMs)
  }

  monotonic(): number {
    return this.#monotonicMs
  }

  /** Timers set and neither fired nor cancelled. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** Virtual milliseconds until the next timer; `undefined` when none is set. */
  get nextTimerInMs(): number | undefined {
    const next = this.#timers.peek()
    return next && Math.max(0, next.dueMs - this.#monotonicMs)
  }

  /**
   * As `setTimeout`: below 1 ms counts as 1 ms.
   * @throws RangeError for a delay the real `setTimeout` would turn into 1 ms: not a number, or above 2^31-1 ms
   */
  setTimer(delayMs: number, fire: () => void): Timer {
    if (Number.isNaN(delayMs) || delayMs > maxDelayMs) {
      throw new RangeError(`A timer cannot be set ${delayMs} ms ahead: the longest delay is ${maxDelayMs} ms.`)
    }
    return this.#timers.add(this.#monotonicMs + Math.max(1, delayMs), fire)
  }

  /** Resolves on the next turn; calls resolve in the order they were made. */
  yield(): Promise<void> {
    return new Promise((resolve) => {
      this.#yielded.push(resolve)
      if (this.#driving > 0 || this.#flushScheduled) return
      this.#flushScheduled = true
      setImmediate(() => {
        this.#flushScheduled = false
        this.#flushYielded()
      })
    })
  }

  /** Sets the wall clock (`now()`), forwards or back; durations, timers and `monotonic()` do not notice. */
  setWallClock(epochMs: number): void {
    this.#wallOffsetMs = epochMs - this.#monotonicMs
  }

  /** Moves the wall clock by `deltaMs` (negative: back); durations, timers and `monotonic()` do not notice. */
  shiftWallClock(deltaMs: number): void {
    this.#wallOffsetMs += deltaMs
  }

  /** Lets everything happen that needs no time to pass. */
  settle(): Promise<void> {
    return this.#drive(() => this.#settled())
  }

  /** Moves on by `ms`, firing the timers that come due. */
  advance(ms: number): Promise<void> {
    return this.advanceTo(this.#monotonicMs + ms)
  }

  /** Moves on to `monotonicMs`, firing the timers that come due. A moment already past only settles. */
  advanceTo(monotonicMs: number): Promise<void> {
    return this.#drive(async () => {
      await this.#settled()
      let timer: PendingTimer | undefined
      while ((timer = this.#timers.peek()) && timer.dueMs <= monotonicMs) await this.#fire(timer)
      this.#monotonicMs = Math.max(this.#monotonicMs, monotonicMs)
    })
  }

  /** Jumps to the next timer, fires it and lets what follows settle. Resolves with `false` when no timer is set. */
  advanceToNextTimer(): Promise<boolean> {
    return this.#drive(async () => {
      await this.#settled()
      const timer = this.#timers.peek()
      if (timer) await this.#fire(timer)
      return timer !== undefined
    })
  }

  /**
   * Jumps from timer to timer until `condition` holds. Resolves with `false` when it does not within `limitMs`, or when no timer
   * is left that could change anything.
   */
  runUntil(condition: () => boolean, limits: RunLimits = {}): Promise<boolean> {
    const untilMs = this.#monotonicMs + (limits.limitMs ?? 60_000)
    return this.#drive(async () => {
      await this.#settled()
      while (!condition()) {
        const timer = this.#timers.peek()
        if (!timer || timer.dueMs > untilMs) return false
        await this.#fire(timer)
      }
      return true
    })
  }

  async #drive<T>(steps: () => Promise<T>): Promise<T> {
    this.#driving++
    try {
      return await steps()
    } finally {
      this.#driving--
      // Whoever yielded last must not wait for the next drive.
      if (this.#yielded.length > 0) setImmediate(() => this.#flushYielded())
    }
  }

  async #fire(timer: PendingTimer): Promise<void> {
    this.#timers.take(timer)
    this.#monotonicMs = Math.max(this.#monotonicMs, timer.dueMs)
    timer.fire()
    await this.#settled()
  }

  async #settled(): Promise<void> {
    for (let round = 0; round < maxYieldRounds; round++) {
      // A callback of nextTick runs when the whole queue of promise reactions is empty, whatever was added meanwhile.
      await new Promise<void>((resolve) => process.nextTick(resolve))
      for (let turn = 0; turn < this.#turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      if (this.#yielded.length === 0) return
      this.#flushYielded()
    }
  }

  #flushYielded(): void {
    const yielded = this.#yielded
    this.#yielded = []
    for (const resolve of yielded) resolve()
  }
}

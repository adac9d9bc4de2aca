/**
 * The loop that starts events, lane by lane, while there are slots.
 * @module
 */
import { channelOf } from '../channels.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Attempts } from './attempts.ts'
import type { CircuitBreaker } from './breaker.ts'
import type { Committer } from './committer.ts'
import type { Fetcher } from './fetcher.ts'
import type { HeldPartitions } from './held-partitions.ts'
import type { LaneScheduler } from './lane-scheduler.ts'
import type { PartitionWork } from './partition-work.ts'

export interface PumpOptions {
  readonly subscription: string
  readonly clock: Clock
  readonly scheduler: LaneScheduler
  readonly breaker: CircuitBreaker
  readonly attempts: Attempts
  readonly committer: Committer
  readonly fetcher: Fetcher
  readonly held: HeldPartitions
  readonly pausedLanes: ReadonlySet<number>
}

const backpressureChannel = channelOf('veltrix:worker:backpressure')

/** Handlers start for at most this long before input and output get their turn: what an urgent event waits for a bulk one. */
const sliceMs = 0.5

export class Pump {
  private readonly options: PumpOptions
  /** Where the next look at a lane's partitions begins. */
  private readonly turn: number[] = []
  private wakeUp: (() => void) | undefined
  private awake = true
  private taking = true
  private ended = false
  private sliceStartedAt = 0
  private probeTimer: Timer | undefined

  private readonly hasWork = (lane: number): boolean =>
    !this.options.pausedLanes.has(lane) && (this.options.attempts.hasDueBatch(lane) || this.nextOf(lane) !== undefined)

  constructor(options: PumpOptions) {
    this.options = options
  }

  /** Something may start now that could not before. */
  wake(): void {
    if (this.wakeUp) {
      this.wakeUp()
      this.wakeUp = undefined
    } else this.awake = true
  }

  /** Input has just had its turn. */
  newSlice(): void {
    this.sliceStartedAt = this.options.clock.monotonic()
  }

  /** Nothing starts any more. */
  stopTaking(): void {
    this.taking = false
  }

  end(): void {
    this.ended = true
    this.probeTimer?.cancel()
    this.wake()
  }

  /** Starts events until `end`; lets input and output happen between slices. */
  async run(): Promise<void> {
    const { clock, fetcher } = this.options
    while (!this.ended) {
      this.awake = false
      const sliceOver = this.taking && this.startSome()
      fetcher.poke()
      if (sliceOver) {
        await clock.yield()
        this.newSlice()
      } else if (!this.awake) {
        await new Promise<void>((resolve) => (this.wakeUp = resolve))
      }
    }
  }

  /** Returns true when the slice is over and more could start. */
  private startSome(): boolean {
    const { clock, scheduler } = this.options
    for (let started = 0; ; started++) {
      const now = clock.monotonic()
      if ((started & 15) === 15 && now - this.sliceStartedAt > sliceMs) return true
      if (!this.mayStart(now)) return false
      const lane = scheduler.pick(now, this.hasWork)
      if (lane < 0) return false
      this.startNext(lane)
    }
  }

  private mayStart(now: number): boolean {
    const { breaker, clock } = this.options
    const waitMs = breaker.waitMs(now)
    if (waitMs === 0) return true
    if (waitMs !== Infinity && !this.probeTimer) {
      this.probeTimer = clock.setTimer(waitMs, () => {
        this.probeTimer = undefined
        this.wake()
      })
    }
    return false
  }

  /** The lane's next partition, in turn, that has an event which may start. */
  private nextOf(lane: number): PartitionWork | undefined {
    const works = this.options.held.ofLane(lane)
    const turn = this.turn[lane] ?? 0
    for (let i = 0; i < works.length; i++) {
      const at = (turn + i) % works.length
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
    const { attempts, held } = this.options
    if (attempts.hasDueBatch(lane)) return attempts.startDueBatch(lane)
    const work = this.nextOf(lane)!
    this.turn[lane] = (this.turn[lane]! + 1) % held.ofLane(lane).length
    attempts.start(work, work.take())
  }

  private holdBack(work: PartitionWork, reason: NonNullable<PartitionWork['held']>): void {
    if (reason === 'reservation') {
      if (work.recovered) this.options.committer.request()
      return
    }
    if (reason === 'staged') this.options.committer.request()
    if (work.heldBack) return
    work.heldBack = true
    const { topic, partition } = work
    backpressureChannel.publish({ subscription: this.options.subscription, topic, partition, reason })
  }
}

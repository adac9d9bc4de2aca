/**
 * Which lane runs next. Pure: no time, no I/O.
 *
 * Weighted mode is fair queueing over slot-time: each lane has a virtual clock that advances by the time its handlers held a slot,
 * divided by its share; the lane furthest behind goes next, the more urgent one on a tie. A lane with nothing to do
 * is lifted to the others when it comes back, so idling earns no credit and unused capacity is lent.
 *
 * Slots are lent with a reserve: lanes below may not occupy all slots, or an urgent event would wait for a slow bulk handler. A lane
 * that has had nothing for a while reserves one slot only, so that a subscription that does not use it loses next to nothing.
 * @module
 */
import type { CompiledLane } from '../config/index.ts'

interface LaneAccount {
  readonly share: number
  readonly reserve: number
  /** Virtual time: slot-milliseconds used divided by share. */
  virtual: number
  running: number
  granted: number
  /** Slot-milliseconds its handlers held. */
  usedMs: number
  /** Had work when last looked at. */
  active: boolean
  /** When it last had work or a handler running. */
  activeAt: number
}

/** What one start is charged when nothing is known: a tenth of a millisecond of a slot. */
const minimumCostMs = 0.1

/** A lane without work for this long is quiet: it keeps one slot of its reserve. */
export const quietMs = 10_000

export class LaneScheduler {
  private readonly accounts: readonly LaneAccount[]
  private readonly mode: 'weighted' | 'strict'
  private readonly concurrency: number
  private running = 0

  /**
   * @param lanes highest priority first
   * @param concurrency slots in all
   */
  constructor(lanes: readonly CompiledLane[], concurrency: number, mode: 'weighted' | 'strict') {
    const shares = effectiveShares(lanes)
    this.mode = mode
    this.concurrency = concurrency
    this.accounts = lanes.map((_, index) => ({
      share: shares[index]!,
      reserve: reservedSlots(shares, index, concurrency),
      virtual: 0,
      running: 0,
      granted: 0,
      usedMs: 0,
      active: false,
      activeAt: -Infinity,
    }))
  }

  /**
   * The lane to start from now, or -1 when no lane that has work may take a slot.
   * @param now milliseconds that never go backwards
   * @param hasWork whether the lane has an event that could start
   */
  pick(now: number, hasWork: (lane: number) => boolean): number {
    if (this.running >= this.concurrency) return -1
    this.refreshActivity(now, hasWork)
    let best = -1
    for (let lane = 0; lane < this.accounts.length; lane++) {
      const account = this.accounts[lane]!
      if (!account.active || !this.hasSlotFor(lane, now)) continue
      if (this.mode === 'strict') return lane
      if (best < 0 || account.virtual < this.accounts[best]!.virtual) best = lane
    }
    return best
  }

  /** A handler of `lane` took a slot. */
  started(lane: number): void {
    const account = this.accounts[lane]!
    account.running++
    account.granted++
    account.virtual += minimumCostMs / account.share
    this.running++
  }

  /** It gave the slot back after `slotMs`. */
  finished(lane: number, slotMs: number): void {
    const account = this.accounts[lane]!
    account.running--
    this.running--
    account.usedMs += slotMs
    if (slotMs > minimumCostMs) account.virtual += (slotMs - minimumCostMs) / account.share
  }

  /** Free slots, whoever may take them. */
  get free(): number {
    return this.concurrency - this.running
  }

  get runningNow(): number {
    return this.running
  }

  /** For status: starts granted, handlers running and slot-time used by lane. */
  usage(): readonly {
    readonly granted: number
    readonly running: number
    readonly usedMs: number
    readonly share: number
  }[] {
    return this.accounts.map(({ granted, running, usedMs, share }) => ({ granted, running, usedMs, share }))
  }

  private refreshActivity(now: number, hasWork: (lane: number) => boolean): void {
    let floor = Infinity
    for (const account of this.accounts) {
      if ((account.active || account.running > 0) && account.virtual < floor) floor = account.virtual
    }
    for (let lane = 0; lane < this.accounts.length; lane++) {
      const account = this.accounts[lane]!
      const active = hasWork(lane)
      if (active && !account.active && floor !== Infinity && account.virtual < floor) account.virtual = floor
      account.active = active
      if (active || account.running > 0) account.activeAt = now
    }
  }

  /** A lane may take a slot when enough stay free for what the lanes above it have reserved and do not use. */
  private hasSlotFor(lane: number, now: number): boolean {
    let free = this.concurrency - this.running
    for (let above = 0; above < lane; above++) {
      const { reserve, running, activeAt } = this.accounts[above]!
      const kept = now - activeAt < quietMs ? reserve : Math.min(1, reserve)
      free -= Math.max(0, kept - running)
    }
    return free > 0
  }
}

/** Shares by weight, none below its minShare; what that takes is taken from the others in proportion. Sums to 1. */
export function effectiveShares(lanes: readonly CompiledLane[]): number[] {
  const shares = lanes.map(() => 0)
  const raised = new Set<number>()
  // Raising one lane shrinks the rest, which can push another below its minimum: repeat until none is.
  for (;;) {
    let weightLeft = 0
    let shareLeft = 1
    lanes.forEach((lane, index) => {
      if (raised.has(index)) shareLeft -= lane.minShare
      else weightLeft += lane.weight
    })
    let changed = false
    lanes.forEach((lane, index) => {
      shares[index] = raised.has(index) ? lane.minShare : (shareLeft * lane.weight) / weightLeft
      if (!raised.has(index) && shares[index]! < lane.minShare && raised.size < lanes.length - 1) {
        raised.add(index)
        changed = true
      }
    })
    if (!changed) return shares.map((share) => Math.max(share, 1e-6))
  }
}

/** A quarter of a lane's share of the slots stays free for it; none where there are too few slots to divide. */
function reservedSlots(shares: readonly number[], lane: number, concurrency: number): number {
  const hasLower = lane < shares.length - 1
  if (!hasLower || concurrency <= shares.length) return 0
  return Math.max(1, Math.floor((concurrency * shares[lane]!) / 4))
}

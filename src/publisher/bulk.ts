/**
 * One `publishMany`: feeds its events into the publisher as room comes free, a few milliseconds at a time, without a promise per event.
 * @module
 */
import type { Clock } from '../clock.ts'
import type { PublishOutcome } from '../config/index.ts'
import type { Entry, Receiver, Stored } from './entry.ts'
import type { BatchLimits } from './outbox.ts'
import { PublisherClosed } from './errors.ts'
import type { Prepared } from './prepare.ts'
import type { Room } from './room.ts'

/** Longest stretch of work before other things get the event loop. Milliseconds. */
const sliceMs = 4
/** Events between looks at the clock. */
const lookEvery = 16

/** What one `publishMany` has under way at most, in append requests: one with the log, one ready, one being encoded. More only fills memory. */
const windowBatches = 3

export interface BulkWork {
  readonly limits: BatchLimits
  readonly clock: Clock
  readonly room: Room
  closed(): boolean
  prepare(item: unknown): Prepared | Promise<Prepared>
  /** Encodes and queues; takes room. @throws EventInvalid, EventTooLarge */
  enqueue(prepared: Prepared, receiver: Receiver, index: number): Entry
}

export class Bulk implements Receiver {
  readonly #work: BulkWork
  readonly #items: readonly unknown[]
  readonly #outcomes: PublishOutcome[]
  readonly #finish: (outcomes: readonly PublishOutcome[]) => void
  #next = 0
  #settled = 0
  #sliceBegan = 0
  #underWay = 0
  #bytesUnderWay = 0
  /** Waits for its own events to be answered. */
  #paused = false

  constructor(work: BulkWork, items: readonly unknown[], finish: (outcomes: readonly PublishOutcome[]) => void) {
    this.#work = work
    this.#items = items
    this.#outcomes = Array.from({ length: items.length })
    this.#finish = finish
  }

  start(): void {
    if (this.#items.length === 0) return this.#finish([])
    this.#resume()
  }

  #resume(): void {
    this.#sliceBegan = this.#work.clock.monotonic()
    while (this.#next < this.#items.length) {
      if (this.#isWindowFull()) {
        this.#paused = true
        return
      }
      if (this.#next % lookEvery === 0 && this.#work.clock.monotonic() - this.#sliceBegan > sliceMs) {
        void this.#work.clock.yield().then(() => this.#resume())
        return
      }
      if (!this.#step()) return
    }
  }

  #isWindowFull(): boolean {
    const { maxBatchEvents, maxBatchBytes } = this.#work.limits
    return this.#underWay >= windowBatches * maxBatchEvents || this.#bytesUnderWay >= windowBatches * maxBatchBytes
  }

  /** Takes the next item. Answers false when that goes on later. */
  #step(): boolean {
    const index = this.#next
    let prepared: Prepared | Promise<Prepared>
    try {
      if (this.#work.closed()) throw new PublisherClosed()
      prepared = this.#work.prepare(this.#items[index])
    } catch (error) {
      this.#next++
      this.#fail(index, this.#idOf(index), error as Error)
      return true
    }
    if (!(prepared instanceof Promise)) return this.#enter(prepared)
    void this.#enterLater(prepared, index)
    return false
  }

  async #enterLater(prepared: Promise<Prepared>, index: number): Promise<void> {
    try {
      if (!this.#enter(await prepared)) return
    } catch (error) {
      this.#next++
      this.#fail(index, this.#idOf(index), error as Error)
    }
    this.#resume()
  }

  #enter(prepared: Prepared): boolean {
    const { room } = this.#work
    const lane = prepared.destination.laneIndex
    if (room.free(lane) && !this.#work.closed()) {
      this.#enqueue(prepared)
      return true
    }
    room.wait(lane, () => {
      this.#enqueue(prepared)
      this.#resume()
    })
    return false
  }

  #enqueue(prepared: Prepared): void {
    const index = this.#next++
    try {
      if (this.#work.closed()) throw new PublisherClosed()
      this.#bytesUnderWay += this.#work.enqueue(prepared, this, index).bytes
      this.#underWay++
    } catch (error) {
      this.#fail(index, prepared.event.id, error as Error)
    }
  }

  #idOf(index: number): string | undefined {
    try {
      const id = (this.#items[index] as { id?: unknown } | null | undefined)?.id
      return typeof id === 'string' ? id : undefined
    } catch {
      return undefined
    }
  }

  stored(entry: Entry, place: Stored): void {
    this.#answered(entry)
    this.#outcome(entry.index, { ok: true, id: entry.id, ...place })
  }

  failed(entry: Entry, error: Error): void {
    this.#answered(entry)
    this.#fail(entry.index, entry.id, error)
  }

  /** Goes on a turn of the event loop later: the request that is ready leaves before more is encoded. */
  #answered(entry: Entry): void {
    this.#underWay--
    this.#bytesUnderWay -= entry.bytes
    if (!this.#paused || this.#isWindowFull()) return
    this.#paused = false
    void this.#work.clock.yield().then(() => this.#resume())
  }

  #fail(index: number, id: string | undefined, error: Error): void {
    this.#outcome(index, id === undefined ? { ok: false, error } : { ok: false, id, error })
  }

  #outcome(index: number, outcome: PublishOutcome): void {
    this.#outcomes[index] = outcome
    if (++this.#settled === this.#items.length) this.#finish(this.#outcomes)
  }
}

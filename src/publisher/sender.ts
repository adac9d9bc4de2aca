/**
 * Sends entries to the log: one append request in flight, the next takes all that queued meanwhile (up to its limits), so that batches
 * grow with the load by themselves. Where a log has its partitions apart (brokers), a request that takes long holds back its own
 * partitions only. Failures that may pass are tried again, in order, until an entry's time is up.
 * @module
 */
import type { Clock, Timer } from '../clock.ts'
import { LogUnavailable, type AppendOutcome, type Log } from '../transport/index.ts'
import type { Entry, Partition, Stored } from './entry.ts'
import { PublishUnknown } from './errors.ts'
import { Flight } from './flight.ts'
import type { Outbox } from './outbox.ts'
import { reportAcked, reportBatch, reportFailed } from './report.ts'
import type { Room } from './room.ts'

/** Wait before a partition is tried again: doubling from … to. Milliseconds. */
const retryFromMs = 50
const retryToMs = 2000
/** Longest time between looks for entries whose time is up. Milliseconds. */
const lookEveryMs = 1000
/** A request without all its outcomes for so long is slow. Milliseconds. */
const slowMs = 50
/** Most requests on their way at once, slow ones included. */
const maxFlights = 8

export interface SenderOptions {
  readonly log: Pick<Log, 'append'> & Partial<Pick<Log, 'features'>>
  readonly clock: Clock
  readonly outbox: Outbox
  readonly room: Room
  /** With fewer events ready than this, the next request waits for a turn of the event loop. */
  readonly smallBatchEvents: number
  /** From having room to giving up. Milliseconds. */
  readonly deliveryTimeoutMs: number
}

export class Sender {
  readonly #options: SenderOptions
  readonly #clock: Clock
  readonly #outbox: Outbox
  #running = false
  readonly #flights = new Set<Flight>()
  /** The log has its partitions apart. */
  readonly #apart: boolean
  #watch: Timer | undefined
  readonly #retries = new Map<Partition, Timer>()
  /** What went wrong since an event was stored last. */
  #lastError: Error | undefined

  constructor(options: SenderOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#outbox = options.outbox
    this.#apart = options.log.features?.appendsApart === true
  }

  send(entry: Entry): void {
    this.#outbox.add(entry)
    this.#wake()
  }

  /** A microtask later: callers that publish in one go, or were answered together, make one batch. */
  #wake(): void {
    if (this.#running) return
    this.#running = true
    queueMicrotask(() => void this.#run())
  }

  async #run(): Promise<void> {
    this.#watch ??= this.#clock.setTimer(this.#lookAfterMs(), () => this.#look())
    for (;;) {
      const batch = this.#outbox.take()
      if (batch.length === 0) break
      await this.#fly(new Flight(batch))
      // Whoever was just answered may publish its next event before a small batch is made up.
      if (this.#outbox.ready < this.#options.smallBatchEvents) await this.#clock.yield()
    }
    this.#running = false
    if (this.#options.room.events === 0) {
      this.#watch?.cancel()
      this.#watch = undefined
    }
  }

  /** Until it has landed, or is slow and others may start. */
  async #fly(flight: Flight): Promise<void> {
    this.#flights.add(flight)
    void this.#append(flight)
    if (!this.#apart) return flight.ended
    const { promise: isSlow, resolve } = Promise.withResolvers<boolean>()
    const timer = this.#clock.setTimer(slowMs, () => resolve(true))
    if (!(await Promise.race([isSlow, flight.ended.then(() => false)]))) return timer.cancel()
    flight.becomeSlow(this.#outbox)
    if (this.#flights.size >= maxFlights) await Promise.race([...this.#flights].map(({ ended }) => ended))
  }

  async #append(flight: Flight): Promise<void> {
    const { entries } = flight
    for (const entry of entries) entry.state = 'sent'
    const startedAt = this.#clock.monotonic()
    try {
      const records = entries.map((entry) => entry.record)
      const { log } = this.#options
      const outcomes = await (this.#apart
        ? log.append(records, (places, told) => this.#early(flight, places, told))
        : log.append(records))
      if (outcomes.length !== entries.length) {
        throw new TypeError(`the log answered for ${outcomes.length} of ${entries.length} records.`)
      }
      this.#land(flight, () => this.#settle(flight, outcomes))
      reportBatch(entries, startedAt, this.#clock)
      reportAcked(entries, (place) => !flight.isTold(place) && !('error' in outcomes[place]!), this.#clock)
    } catch (error) {
      this.#land(flight, () => this.#unanswered(flight, asError(error)))
    }
  }

  #land(flight: Flight, settle: () => void): void {
    this.#flights.delete(flight)
    // What came later is behind what `settle` finds to be sent again: nothing is taken in between.
    flight.land(this.#outbox)
    settle()
    flight.end()
    this.#wake()
  }

  /** Outcomes of some entries, while others have none yet. What was refused waits for the end: it may have to be tried again in order. */
  #early(flight: Flight, places: readonly number[], told: readonly AppendOutcome[]): void {
    const stored: Entry[] = []
    for (const [nth, place] of places.entries()) {
      const outcome = told[nth]!
      if ('error' in outcome || !flight.tell(place, this.#outbox)) continue
      this.#acknowledge(flight.entries[place]!, outcome)
      stored.push(flight.entries[place]!)
    }
    this.#options.room.give(stored.length, sumOfBytes(stored))
    reportAcked(stored, () => true, this.#clock)
    if (this.#outbox.ready > 0) this.#wake()
  }

  #settle(flight: Flight, outcomes: readonly AppendOutcome[]): void {
    let events = 0
    let bytes = 0
    for (let place = 0; place < outcomes.length; place++) {
      if (flight.isTold(place)) continue
      const entry = flight.entries[place]!
      const outcome = outcomes[place]!
      if ('error' in outcome && this.#retry(entry, outcome.error)) continue
      events++
      bytes += entry.bytes
      if ('error' in outcome) this.#fail(entry, outcome.error)
      else this.#acknowledge(entry, outcome)
    }
    this.#options.room.give(events, bytes)
  }

  #acknowledge(entry: Entry, outcome: Exclude<AppendOutcome, { readonly error: Error }>): void {
    if (!entry.partition.held) entry.partition.failures = 0
    this.#lastError = undefined
    const { topic, partition } = outcome.first ?? entry.partition
    this.#stored(entry, { topic, partition, offset: outcome.offset, duplicate: outcome.duplicate === true })
  }

  /** The whole call failed: any of its records may be stored, but for those that were told. */
  #unanswered(flight: Flight, error: Error): void {
    let events = 0
    let bytes = 0
    for (const [place, entry] of flight.entries.entries()) {
      if (flight.isTold(place)) continue
      entry.uncertain = true
      if (this.#retry(entry, error)) continue
      events++
      bytes += entry.bytes
      this.#fail(entry, error)
    }
    this.#options.room.give(events, bytes)
  }

  /** Puts the entry back to be tried again, when that can help and its time is not up. */
  #retry(entry: Entry, error: Error): boolean {
    this.#lastError = error
    if (entry.state === 'settled' || !isRetryable(error) || this.#isLate(entry)) return false
    entry.state = 'queued'
    const { partition } = entry
    if (this.#outbox.hold(entry)) {
      const delayMs = Math.min(retryToMs, retryFromMs * 2 ** Math.min(partition.failures++, 10))
      this.#retries.set(
        partition,
        this.#clock.setTimer(delayMs, () => this.#release(partition)),
      )
    }
    return true
  }

  #release(partition: Partition): void {
    this.#retries.delete(partition)
    this.#outbox.release(partition)
    if (this.#outbox.ready > 0) this.#wake()
  }

  #isLate(entry: Entry): boolean {
    return this.#clock.monotonic() - entry.since >= this.#options.deliveryTimeoutMs
  }

  #lookAfterMs(): number {
    return Math.max(1, Math.min(lookEveryMs, this.#options.deliveryTimeoutMs / 4))
  }

  /** Ends entries whose time is up: an append that never answers must not make callers wait for ever. */
  #look(): void {
    const { room, deliveryTimeoutMs } = this.#options
    const limit = this.#clock.monotonic() - deliveryTimeoutMs
    // One in flight keeps its room: its bytes are still held.
    for (const flight of this.#flights) {
      for (const [place, entry] of flight.entries.entries()) {
        if (flight.isTold(place) || entry.since > limit) continue
        entry.uncertain = true
        this.#fail(entry, this.#timeout('was not answered for'))
      }
    }
    const old = this.#outbox.removeOlder(limit)
    for (const entry of old) this.#fail(entry, this.#timeout('could not be stored'))
    this.#watch = undefined
    if (old.length > 0) room.give(old.length, sumOfBytes(old))
    if (room.events > 0) this.#watch = this.#clock.setTimer(this.#lookAfterMs(), () => this.#look())
  }

  #timeout(what: string): LogUnavailable {
    const within = `The event ${what} within ${this.#options.deliveryTimeoutMs} ms`
    const last = this.#lastError
    return new LogUnavailable(last ? `${within}. The log said last: ${last.message}` : `${within}.`, { cause: last })
  }

  /**
   * Gives up on an entry because its publisher no longer waits.
   * @returns false when it is in flight, or was without an answer: then its fate is unknown
   */
  abandon(entry: Entry, reason: unknown): void {
    if (entry.state === 'settled') return
    if (entry.state === 'sent') {
      this.#finish(entry)
      entry.receiver.failed(entry, new PublishUnknown(entry.id, reason))
      return
    }
    this.#outbox.remove(entry)
    this.#finish(entry)
    entry.receiver.failed(entry, entry.uncertain ? new PublishUnknown(entry.id, reason) : asError(reason))
    this.#options.room.give(1, entry.bytes)
  }

  /** Forgets its timers; what is still held will not be sent. */
  close(): void {
    this.#watch?.cancel()
    for (const timer of this.#retries.values()) timer.cancel()
    this.#retries.clear()
  }

  #stored(entry: Entry, place: Stored): void {
    if (entry.state === 'settled') return
    this.#finish(entry)
    entry.receiver.stored(entry, place)
  }

  #fail(entry: Entry, error: Error): void {
    if (entry.state === 'settled') return
    this.#finish(entry)
    const told = entry.uncertain ? new PublishUnknown(entry.id, error) : error
    reportFailed(entry, told, this.#clock)
    entry.receiver.failed(entry, told)
  }

  #finish(entry: Entry): void {
    entry.state = 'settled'
    const { wave } = entry
    if (--wave.open === 0) wave.done?.()
  }
}

function isRetryable(error: Error): boolean {
  return (error as { retryable?: unknown }).retryable === true
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function sumOfBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.bytes, 0)
}

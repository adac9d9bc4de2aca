/**
 * Sends entries to the log: one append request in flight, the next takes all that queued meanwhile (up to its limits), so that batches
 * grow with the load by themselves. Failures that may pass are tried again, in order, until an entry's time is up.
 * @module
 */
import type { Clock, Timer } from '../clock.ts'
import { LogUnavailable, type AppendOutcome, type Log } from '../transport/index.ts'
import type { Entry, Partition, Stored } from './entry.ts'
import { PublishUnknown } from './errors.ts'
import type { Outbox } from './outbox.ts'
import { reportBatch, reportFailed } from './report.ts'
import type { Room } from './room.ts'

/** Wait before a partition is tried again: doubling from … to. Milliseconds. */
const retryFromMs = 50
const retryToMs = 2000
/** Longest time between looks for entries whose time is up. Milliseconds. */
const lookEveryMs = 1000

export interface SenderOptions {
  readonly log: Pick<Log, 'append'>
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
  #inFlight: readonly Entry[] = []
  #watch: Timer | undefined
  readonly #retries = new Map<Partition, Timer>()
  /** What went wrong since an event was stored last. */
  #lastError: Error | undefined

  constructor(options: SenderOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#outbox = options.outbox
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
      await this.#append(batch)
      // Whoever was just answered may publish its next event before a small batch is made up.
      if (this.#outbox.ready < this.#options.smallBatchEvents) await this.#clock.yield()
    }
    this.#running = false
    if (this.#options.room.events === 0) {
      this.#watch?.cancel()
      this.#watch = undefined
    }
  }

  async #append(batch: Entry[]): Promise<void> {
    this.#inFlight = batch
    for (const entry of batch) entry.state = 'sent'
    const startedAt = this.#clock.monotonic()
    try {
      const outcomes = await this.#options.log.append(batch.map((entry) => entry.record))
      if (outcomes.length !== batch.length) {
        throw new TypeError(`the log answered for ${outcomes.length} of ${batch.length} records.`)
      }
      this.#settle(batch, outcomes)
      reportBatch(batch, outcomes, startedAt, this.#clock)
    } catch (error) {
      this.#unanswered(batch, asError(error))
    } finally {
      this.#inFlight = []
    }
  }

  #settle(batch: readonly Entry[], outcomes: readonly AppendOutcome[]): void {
    let events = 0
    let bytes = 0
    for (let index = 0; index < batch.length; index++) {
      const entry = batch[index]!
      const outcome = outcomes[index]!
      if ('error' in outcome && this.#retry(entry, outcome.error)) continue
      events++
      bytes += entry.bytes
      if ('error' in outcome) this.#fail(entry, outcome.error)
      else {
        if (!entry.partition.held) entry.partition.failures = 0
        this.#lastError = undefined
        const { topic, partition } = outcome.first ?? entry.partition
        this.#stored(entry, { topic, partition, offset: outcome.offset, duplicate: outcome.duplicate === true })
      }
    }
    this.#options.room.give(events, bytes)
  }

  /** The whole call failed: any of its records may be stored. */
  #unanswered(batch: readonly Entry[], error: Error): void {
    let events = 0
    let bytes = 0
    for (const entry of batch) {
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
    for (const entry of this.#inFlight) {
      if (entry.since > limit) continue
      entry.uncertain = true
      this.#fail(entry, this.#timeout('was not answered for'))
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
    reportFailed(entry, told)
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

/**
 * Waiting reads on the main thread: knows where partitions end, waits for more, gets records from the tail or the reader thread.
 * @module
 */
import type { Clock, Timer } from '../../clock.ts'
import type { FetchedBatch, FetchRequest, LogRecord, TopicPartition } from '../index.ts'
import type { AppendedEnd, ReadAnswer, ReadPart } from './protocol.ts'
import { freeChunk, type PackedChunk, unpackRecords } from './record-codec.ts'
import { TailCache } from './tail-cache.ts'
import type { ThreadLink } from './thread-link.ts'
import { fromWire, type WireError } from './wire-errors.ts'

/** What the fetcher needs of the log. */
export interface FetcherSource {
  /** The reader thread, started when first asked for. */
  reader(): ThreadLink<ReadAnswer>
  watch(topics: readonly string[]): Promise<readonly AppendedEnd[]>
  /** Asks the log thread to send appended records of a partition along with its new end, or to stop it. */
  tail(place: TopicPartition, on: boolean): void
  /** Throws when the log is closed or broken. */
  check(): void
}

export interface WaitOptions {
  readonly maxWaitMs: number
  readonly signal?: AbortSignal
}

export class Fetcher {
  readonly #source: FetcherSource
  readonly #clock: Clock
  readonly #ends = new Map<string, number>()
  readonly #watched = new Map<string, Promise<void>>()
  readonly #waiting = new Set<{ readonly keys: ReadonlySet<string>; readonly wake: () => void }>()
  readonly #places = new Map<string, TopicPartition>()
  readonly #tails = new TailCache((key) => this.#source.tail(this.#places.get(key)!, false))

  constructor(source: FetcherSource, clock: Clock) {
    this.#source = source
    this.#clock = clock
  }

  /** Hears of new ends in `topics` from now on. Resolves when it knows where they end. */
  watch(topics: readonly string[]): Promise<unknown> {
    const missing = topics.filter((topic) => !this.#watched.has(topic))
    if (missing.length > 0) {
      const heard = this.#source.watch(missing).then((ends) => this.took(ends))
      for (const topic of missing) this.#watched.set(topic, heard)
      heard.catch(() => missing.forEach((topic) => this.#watched.delete(topic)))
    }
    return Promise.all(topics.map((topic) => this.#watched.get(topic)))
  }

  /** New ends arrived, some with their records. */
  took(ends: readonly AppendedEnd[]): void {
    const news = new Set<string>()
    for (const { topic, partition, end, base, count, bytes } of ends) {
      const key = keyOf(topic, partition)
      if (bytes !== undefined) this.#tails.add(key, { base: base!, count: count!, bytes })
      if (end > (this.#ends.get(key) ?? -1)) this.#ends.set(key, end)
      news.add(key)
    }
    this.#wake(news)
  }

  /** The owner changed: what was heard counts no more. */
  reset(): void {
    const topics = [...this.#watched.keys()]
    this.#watched.clear()
    this.#ends.clear()
    this.#tails.clear()
    this.watch(topics).catch(() => {})
    this.wakeAll()
  }

  /** Lets every waiting call look again: something was closed, revoked or lost. */
  wakeAll(): void {
    for (const { wake } of this.#waiting) wake()
  }

  /** @param held whether a partition may still be fetched */
  async fetch(
    wanted: readonly FetchRequest[],
    options: WaitOptions,
    held: (place: TopicPartition) => boolean,
  ): Promise<readonly FetchedBatch[]> {
    const deadline = this.#clock.monotonic() + options.maxWaitMs
    for (;;) {
      this.#source.check()
      options.signal?.throwIfAborted()
      const wants = wanted.filter(held)
      const ready = wants.filter((want) => this.#ends.get(keyOf(want.topic, want.partition)) !== want.offset)
      if (ready.length > 0) {
        const batches = await this.#get(ready)
        options.signal?.throwIfAborted()
        const full = batches.filter((batch) => batch.records.length > 0 && held(batch))
        if (full.length > 0) return full
      }
      if (wants.length === 0 || this.#clock.monotonic() >= deadline) return []
      await this.#wait(wants, deadline, options.signal)
    }
  }

  /** Like `fetch` for one partition, without a group. Resolves with an empty batch when nothing came. */
  async read(want: FetchRequest, options: WaitOptions): Promise<FetchedBatch> {
    const deadline = this.#clock.monotonic() + options.maxWaitMs
    for (;;) {
      this.#source.check()
      options.signal?.throwIfAborted()
      const [batch] = await this.#get([want])
      options.signal?.throwIfAborted()
      if (batch!.records.length > 0 || this.#clock.monotonic() >= deadline) return batch!
      await this.watch([want.topic])
      await this.#wait([want], deadline, options.signal)
    }
  }

  async #get(wants: readonly FetchRequest[]): Promise<FetchedBatch[]> {
    const batches: (FetchedBatch | undefined)[] = wants.map((want) => this.#fromTail(want))
    const missing = wants.filter((_, index) => batches[index] === undefined)
    if (missing.length > 0) {
      const { parts } = await this.#source.reader().ask<ReadAnswer>((id) => ({ id, wants: missing.map(plain) }))
      let next = 0
      for (const [index, want] of wants.entries()) batches[index] ??= this.#batchOf(want, parts[next++]!)
    }
    return batches as FetchedBatch[]
  }

  #fromTail(want: FetchRequest): FetchedBatch | undefined {
    const key = keyOf(want.topic, want.partition)
    const chunks = this.#tails.take(key, want.offset, want.maxBytes)
    return chunks.length === 0 ? undefined : batchOf(want, chunks, this.#ends.get(key)!)
  }

  #batchOf(want: FetchRequest, part: ReadPart | { error: WireError }): FetchedBatch {
    if ('error' in part) throw fromWire(part.error)
    const key = keyOf(want.topic, want.partition)
    // Only a watched partition's end is remembered: of others we would not hear when it moves.
    if (this.#watched.has(want.topic) && part.endOffset > (this.#ends.get(key) ?? -1)) {
      this.#ends.set(key, part.endOffset)
    }
    const { chunks, endOffset, nextOffset } = part
    // Sent to us alone. (What comes from the tail is not: others may read it too.)
    return { ...batchOf(want, chunks, endOffset), nextOffset, release: () => chunks.forEach(freeChunk) }
  }

  /** Until news of one of these partitions, `wakeAll`, the deadline, or the signal (then it rejects with its reason). */
  #wait(wants: readonly FetchRequest[], deadline: number, signal?: AbortSignal): Promise<void> {
    for (const want of wants) this.#beginTail(want)
    const keys = new Set(wants.map((want) => keyOf(want.topic, want.partition)))
    if (wants.some((want) => (this.#ends.get(keyOf(want.topic, want.partition)) ?? -1) > want.offset))
      return Promise.resolve()
    return new Promise((resolve, reject) => {
      const done = (): void => {
        timer?.cancel()
        this.#waiting.delete(waiter)
        signal?.removeEventListener('abort', abort)
      }
      const wake = (): void => {
        done()
        resolve()
      }
      const abort = (): void => {
        done()
        reject(signal!.reason as Error)
      }
      const waiter = { keys, wake }
      const timer: Timer | undefined =
        deadline === Infinity ? undefined : this.#clock.setTimer(Math.max(0, deadline - this.#clock.monotonic()), wake)
      this.#waiting.add(waiter)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  #beginTail({ topic, partition }: TopicPartition): void {
    const key = keyOf(topic, partition)
    if (this.#tails.has(key)) return
    this.#places.set(key, { topic, partition })
    this.#tails.begin(key)
    this.#source.tail({ topic, partition }, true)
  }

  #wake(news: ReadonlySet<string>): void {
    for (const { keys, wake } of this.#waiting) {
      for (const key of keys) {
        if (!news.has(key)) continue
        wake()
        break
      }
    }
  }
}

function batchOf(want: TopicPartition, chunks: readonly PackedChunk[], endOffset: number): FetchedBatch {
  const records: LogRecord[] = []
  for (const chunk of chunks) unpackRecords(chunk, records)
  const { topic, partition } = want
  return { topic, partition, records, nextOffset: (records.at(-1)?.offset ?? endOffset - 1) + 1, endOffset }
}

function plain({ topic, partition, offset, maxBytes }: FetchRequest): FetchRequest {
  return { topic, partition, offset, maxBytes }
}

function keyOf(topic: string, partition: number): string {
  return `${partition}/${topic}`
}

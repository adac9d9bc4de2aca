/**
 * Reads what all gateways store, from as far back as ids are to be known, and goes on with what comes. One request at a time, and a pause
 * after each, so that publishing comes first: in a flood the reading falls behind and says so, and holds no more memory for it.
 * @module
 */
import { crc32 } from 'node:zlib'
import { sleep, type Clock } from '../../clock.ts'
import { headerNames } from '../../event/index.ts'
import type {
  FetchedBatch,
  Log,
  LogRecord,
  PartitionOffsets,
  TogetherReader,
  TopicPartition,
} from '../../transport/index.ts'
import type { KnownIds } from './known-ids.ts'

/** What reading needs of a log. */
export type ReadableLog = { readonly admin: Log['admin'] } & Required<Pick<Log, 'readTogether'>>

export interface ReadingOptions {
  readonly log: ReadableLog
  readonly clock: Clock
  readonly places: readonly TopicPartition[]
  readonly windowMs: number
  /** More are not known anyway. */
  readonly maxIds: number
  /** Hears of what is tried again. */
  readonly onFailure: (error: unknown) => void
}

const maxBytes = 256 * 1024
const maxWaitMs = 1_000
/** Between two requests, at least; a batch of a busy log gathers in that time. */
const pauseMs = 10
/** While the gateway serves, reading takes at most one part of so many of the time. */
const share = 4
/** Records that are looked at in one go. */
const inOneGo = 200
const retryMs = 1_000
/** Where nothing comes nobody can tell a quiet log from one that is gone: it is asked for its ends. */
const lookMs = 5_000
const silentMs = 15_000
/** Of each partition, whatever times its records have: senders say themselves when an event was. */
const leastRecords = 1_000

export class Reading {
  readonly #options: ReadingOptions
  readonly #known: KnownIds
  readonly #ended = new AbortController()
  readonly #caughtUp = Promise.withResolvers<void>()
  /** Where each partition is read on; empty until they are known. */
  #offsets: number[] = []
  /** Ends as they were last told. */
  #ends: number[] = []
  /** Where the history ends. */
  #history: number[] = []
  #isCaughtUp = false
  #isFailing = false
  /** When every partition told its end last. */
  #heardMs: number
  #givesWay = false

  constructor(known: KnownIds, options: ReadingOptions) {
    this.#known = known
    this.#options = options
    this.#heardMs = options.clock.monotonic()
    void this.#run()
    void this.#watch()
  }

  /** Resolves when all that was there at the beginning is known. */
  get caughtUp(): Promise<void> {
    return this.#caughtUp.promise
  }

  get isCaughtUp(): boolean {
    return this.#isCaughtUp
  }

  /** Reading failed, or some partition does not answer. */
  get isFailing(): boolean {
    return this.#isFailing || this.#options.clock.monotonic() - this.#heardMs > silentMs
  }

  /** Records of others that are stored, as far as is known, and not read. */
  get behind(): number {
    const unread = this.#offsets.reduce((sum, offset, place) => sum + Math.max(0, this.#ends[place]! - offset), 0)
    return Math.max(0, unread - this.#known.own)
  }

  /** From now on there is something else to do. */
  giveWay(): void {
    this.#givesWay = true
  }

  /** A question that a log which is away does not answer is not waited for. */
  close(): void {
    this.#ended.abort()
    this.#caughtUp.resolve()
  }

  async #run(): Promise<void> {
    const { clock, onFailure } = this.#options
    const { signal } = this.#ended
    let reader: TogetherReader | undefined
    while (!signal.aborted) {
      try {
        await this.#begin()
        this.#isFailing = false
        reader ??= this.#options.log.readTogether()
        await this.#follow(reader)
      } catch (error) {
        if (signal.aborted) return
        if (!this.#isFailing) onFailure(error)
        this.#isFailing = true
        await sleep(clock, retryMs, signal).catch(() => {})
      }
    }
  }

  async #watch(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#ended
    while (!signal.aborted) {
      try {
        await sleep(clock, lookMs, signal)
        const endOf = byPlace(await this.#ranges())
        this.#ends = this.#options.places.map((place) => endOf(place)?.end ?? 0)
      } catch {
        // It shows in `isFailing`; reading tells of its own failures.
      }
    }
  }

  async #ranges(): Promise<readonly PartitionOffsets[]> {
    const { log, places, clock } = this.#options
    const ranges = await log.admin.offsets([...new Set(places.map(({ topic }) => topic))])
    this.#heardMs = clock.monotonic()
    return ranges
  }

  /** Where to read on, and, the first time, where from. */
  async #begin(): Promise<void> {
    const { log, places, clock, windowMs, maxIds } = this.#options
    const topics = [...new Set(places.map(({ topic }) => topic))]
    const since = log.admin.offsetsSince?.(topics, clock.now() - windowMs)
    const [ranges, starts] = await Promise.all([this.#ranges(), since])
    const rangeOf = byPlace(ranges)
    const startOf = byPlace(starts ?? [])
    const isFirst = this.#offsets.length === 0
    this.#ends = places.map((place) => rangeOf(place)?.end ?? 0)
    this.#offsets = places.map((place, number) => {
      const { earliest, end } = rangeOf(place) ?? { earliest: 0, end: 0 }
      // A topic that was made anew may end before what was read of the other.
      if (!isFirst) return this.#offsets[number]! <= end ? this.#offsets[number]! : earliest
      const since = startOf(place)?.offset ?? earliest
      return Math.max(earliest, end - maxIds, Math.min(since, end - leastRecords))
    })
    if (isFirst) this.#history = this.#ends
    this.#look()
  }

  async #follow(reader: TogetherReader): Promise<void> {
    const { clock, places } = this.#options
    const { signal } = this.#ended
    const numberOf = byPlace(places.map((place, number) => ({ ...place, number })))
    while (!signal.aborted) {
      for (const [number, offset] of this.#offsets.entries())
        this.#offsets[number] = this.#known.pastOwn(number, offset)
      const wanted = places.map((place, number) => ({ ...place, offset: this.#offsets[number]!, maxBytes }))
      const batches = await reader.fetch(wanted, { maxWaitMs, signal })
      const startedAt = clock.monotonic()
      for (const batch of batches) await this.#take(numberOf(batch)!.number, batch)
      this.#look()
      if (this.#givesWay) await sleep(clock, Math.max(pauseMs, (clock.monotonic() - startedAt) * (share - 1)), signal)
    }
  }

  async #take(number: number, batch: FetchedBatch): Promise<void> {
    for (const [nth, record] of batch.records.entries()) {
      if (nth % inOneGo === inOneGo - 1) await this.#options.clock.yield()
      if (this.#known.pastOwn(number, record.offset) === record.offset) this.#learn(number, record)
    }
    this.#offsets[number] = batch.nextOffset
    this.#ends[number] = batch.endOffset
    batch.release?.()
  }

  #learn(number: number, record: LogRecord): void {
    const { headers, key, value, offset } = record
    const id = headers.text(headerNames.id)
    const source = headers.text(headerNames.source)
    const type = headers.text(headerNames.type)
    // Of structured mode, and of what is no event, nothing is remembered. Bytes that are no text may look like another id.
    if (id === undefined || source === undefined || type === undefined || key === null || value === null) return
    if (id.includes('\uFFFD') || source.includes('\uFFFD')) return
    this.#known.seen(number, offset, source, id, crc32(value, crc32(key, crc32(type))))
  }

  #look(): void {
    if (this.#isCaughtUp || this.#offsets.some((offset, number) => offset < this.#history[number]!)) return
    this.#isCaughtUp = true
    this.#caughtUp.resolve()
  }
}

function byPlace<Item extends TopicPartition>(items: readonly Item[]): (place: TopicPartition) => Item | undefined {
  const found = new Map(items.map((item) => [`${item.partition}/${item.topic}`, item]))
  return ({ topic, partition }) => found.get(`${partition}/${topic}`)
}

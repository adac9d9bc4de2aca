/**
 * What a consumer waits for. Every partition that is asked for is in at most one request to its leader. A request outlives the call
 * that began it: partitions of another leader may have answered first, and what comes late is kept for the next call that wants it from
 * there. So memory holds no more than was asked for, and the rest of a batch that was larger.
 * @module
 */
import { sleep } from '../../clock.ts'
import {
  LogUnavailable,
  OffsetOutOfRange,
  type FetchedBatch,
  type FetchRequest,
  type TopicPartition,
} from '../index.ts'
import { toTransportError } from './broker-errors.ts'
import type { Broker, Cluster } from './cluster.ts'
import { lookMs, watchLeaders } from './leader-watch.ts'
import { offsetsOf } from './offsets.ts'
import { cut, poll, type Polled } from './poll.ts'
import { Waiting } from './waiting.ts'

export interface WaitOptions {
  readonly maxWaitMs: number
  readonly signal?: AbortSignal
}

/** One partition being asked for, or what came of it. */
interface Slot extends TopicPartition {
  /** The offset that was asked for: an answer is only for a call that wants the same. */
  readonly from: number
  readonly maxBytes: number
  /** Where the request reads: past `from` when what lies there was removed. */
  offset: number
  /** Its request ends by itself within the call that began it. */
  readonly call: object
  /** Undefined while a request is on its way. */
  arrived?: FetchedBatch | Error
}

const longestWaitMs = 5_000
/** An answer that was asked to come by the end of a call may come a little later. */
const graceMs = 2_000
/** A partition without an answer for this long is told about. */
const troubleMs = 10_000
/** A request that was open for so long was at a living broker. */
const peaceMs = 500
const replicaMs = 300_000

export class Fetcher {
  readonly #cluster: Cluster
  readonly #check: () => void
  readonly #slots = new Map<string, Slot>()
  readonly #waiting = new Waiting()
  /** Partitions that found no room in an answer: they get a request of their own. */
  readonly #alone = new Set<string>()
  readonly #troubleSince = new Map<string, number>()
  readonly #replicas = new Map<string, { readonly nodeId: number; readonly until: number }>()

  /** @param check throws when the log is closed */
  constructor(cluster: Cluster, check: () => void) {
    this.#cluster = cluster
    this.#check = check
  }

  /** Lets every waiting call look again: something was closed, revoked or lost. */
  wakeAll(): void {
    this.#waiting.wakeAll()
  }

  /** What was or will be fetched of these partitions is for nobody. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const key = keyOf(topic, partition)
      this.#slots.delete(key)
      this.#troubleSince.delete(key)
    }
    this.wakeAll()
  }

  /** @param held whether a partition may still be fetched */
  async fetch(
    wanted: readonly FetchRequest[],
    { maxWaitMs, signal }: WaitOptions,
    held: (place: TopicPartition) => boolean,
  ): Promise<readonly FetchedBatch[]> {
    const { clock } = this.#cluster
    const call = {}
    const deadline = clock.monotonic() + maxWaitMs
    for (let isFirst = true; ; isFirst = false) {
      this.#check()
      signal?.throwIfAborted()
      const wants = wanted.filter(held)
      const batches = this.#collect(wants)
      if (batches.length > 0 || wants.length === 0) return batches
      const leftMs = deadline - clock.monotonic()
      if (isFirst || leftMs > 0) this.#start(wants, Math.max(0, leftMs), call)
      // At the end only an answer is waited for that was to come by then.
      const isDue = wants.some((want) => this.#slots.get(keyOf(want.topic, want.partition))?.call === call)
      const waitMs = leftMs > 0 ? leftMs : isDue ? leftMs + graceMs : 0
      if (waitMs <= 0) return []
      await this.#waiting.wait(clock, waitMs, signal)
    }
  }

  /**
   * Like `fetch` for one partition without a group, and tells of an empty one where it ends.
   * @throws TopicUnknown, OffsetOutOfRange, LogUnavailable
   */
  async read(want: FetchRequest, { maxWaitMs, signal }: WaitOptions): Promise<FetchedBatch> {
    const { topic, partition } = want
    await this.#cluster.known(topic, partition)
    const { clock } = this.#cluster
    const deadline = clock.monotonic() + maxWaitMs
    // Past what is no record (marks and leftovers of transactions), for an empty answer means the end to whoever reads.
    let begin = want.offset
    const readOn = async (waitMs: number): Promise<FetchedBatch | undefined> => {
      for (;;) {
        const [batch] = await this.fetch([{ ...want, offset: begin }], { maxWaitMs: waitMs, signal }, () => true)
        if (batch === undefined || batch.records.length > 0) return batch
        begin = batch.nextOffset
        if (begin >= batch.endOffset && clock.monotonic() >= deadline) return batch
        waitMs = Math.max(0, deadline - clock.monotonic())
      }
    }
    const batch = await readOn(maxWaitMs)
    if (batch !== undefined) return batch
    // Nothing came: the end, unless the offset is above it, or an answer is late.
    const [place] = await offsetsOf(this.#cluster, [topic], partition)
    const { earliest, end } = place!
    if (begin > end) throw aboveEnd(want, end)
    begin = Math.max(begin, earliest)
    const late = begin < end ? await readOn(graceMs) : undefined
    return late ?? { topic, partition, records: [], nextOffset: begin, endOffset: end }
  }

  #collect(wants: readonly FetchRequest[]): FetchedBatch[] {
    const batches: FetchedBatch[] = []
    let failure: Error | undefined
    for (const want of wants) {
      const key = keyOf(want.topic, want.partition)
      const slot = this.#slots.get(key)
      if (slot?.arrived === undefined) continue
      this.#slots.delete(key)
      if (slot.from !== want.offset) continue
      if (slot.arrived instanceof Error) {
        failure ??= slot.arrived
        continue
      }
      const [taken, rest] = cut(slot.arrived, want.maxBytes)
      if (rest !== undefined) this.#slots.set(key, { ...slot, from: taken.nextOffset, arrived: rest })
      batches.push(taken)
    }
    // What came is handed out first; the partition that failed fails again.
    if (batches.length === 0 && failure !== undefined) throw failure
    return batches
  }

  /** Begins requests for those partitions that none is on its way for. */
  #start(wants: readonly FetchRequest[], leftMs: number, call: object): void {
    const requests = new Map<string, { readonly broker: Broker; readonly slots: Slot[] }>()
    for (const { topic, partition, offset, maxBytes } of wants) {
      const key = keyOf(topic, partition)
      if (this.#slots.get(key)?.from === offset) continue
      const slot: Slot = { topic, partition, from: offset, maxBytes, offset, call }
      this.#slots.set(key, slot)
      const broker = this.#readFrom(slot)
      if (broker === undefined) {
        void this.#lookAgain([slot])
        continue
      }
      const name = this.#alone.delete(key) ? key : `${broker.nodeId}`
      const request = requests.get(name)
      if (request === undefined) requests.set(name, { broker, slots: [slot] })
      else request.slots.push(slot)
    }
    const waitMs = Math.min(leftMs, longestWaitMs)
    for (const { broker, slots } of requests.values()) void this.#request(broker, slots, waitMs)
  }

  #readFrom({ topic, partition }: TopicPartition): Broker | undefined {
    const key = keyOf(topic, partition)
    const replica = this.#replicas.get(key)
    if (replica !== undefined && replica.until > this.#cluster.clock.monotonic()) {
      const broker = this.#cluster.broker(replica.nodeId)
      if (broker !== undefined) return broker
    }
    this.#replicas.delete(key)
    return this.#cluster.leaderOf(topic, partition)
  }

  async #request(broker: Broker, slots: readonly Slot[], waitMs: number): Promise<void> {
    const startedAt = this.#cluster.clock.monotonic()
    const over = new AbortController()
    void this.#watch(broker, slots, { afterMs: waitMs + lookMs, signal: over.signal })
    try {
      const answers = await poll(this.#cluster, broker, slots, waitMs)
      const stale = slots.filter((slot, index) => this.#take(slot, answers[index]!))
      if (stale.length > 0) await this.#lookAgain(stale)
    } catch (error) {
      for (const slot of slots) this.#replicas.delete(keyOf(slot.topic, slot.partition))
      // A request that was blocked in peace until now says that nothing was wrong before it.
      for (const slot of slots) this.#noTroubleBefore(slot, startedAt)
      await this.#lookAgain(slots, toTransportError(error, `fetch from ${broker.host}:${broker.port}`))
    } finally {
      over.abort()
    }
    this.wakeAll()
  }

  /** While no answer comes: partitions that another broker leads by now are asked for there, and those of a silent copy at their leader. */
  #watch(
    broker: Broker,
    slots: readonly Slot[],
    how: { readonly afterMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    return watchLeaders(this.#cluster, broker, slots, how, (moved) => {
      for (const slot of moved) {
        this.#replicas.delete(keyOf(slot.topic, slot.partition))
        this.#drop(slot)
      }
      this.wakeAll()
    })
  }

  /** @returns whether the leader must be looked for again */
  #take(slot: Slot, polled: Polled): boolean {
    const key = keyOf(slot.topic, slot.partition)
    if (polled.what !== 'stale') this.#troubleSince.delete(key)
    switch (polled.what) {
      case 'records':
        this.#arrive(slot, polled.batch)
        return false
      case 'nothing':
        if (polled.crowdedOut) this.#alone.add(key)
        this.#drop(slot)
        return false
      case 'elsewhere':
        this.#replicas.set(key, { nodeId: polled.nodeId, until: this.#cluster.clock.monotonic() + replicaMs })
        this.#drop(slot)
        return false
      case 'out-of-range':
        void this.#findRange(slot)
        return false
      case 'failed':
        this.#arrive(slot, polled.error)
        return false
      case 'stale':
        this.#replicas.delete(key)
        return true
    }
  }

  /** Nothing came from where the request read: the next one reads from `offset`, for whoever wants `from`. */
  #goOn(slot: Slot, offset: number): void {
    if (offset === slot.offset) return this.#drop(slot)
    if (!this.#isCurrent(slot)) return
    slot.offset = offset
    const broker = this.#readFrom(slot)
    if (broker === undefined) void this.#lookAgain([slot])
    else void this.#request(broker, [slot], longestWaitMs)
  }

  /** Below the earliest retained record reading goes on there; above the end it is an error. */
  async #findRange(slot: Slot): Promise<void> {
    try {
      const [place] = await offsetsOf(this.#cluster, [slot.topic], slot.partition)
      // A copy that lags behind says so too of what its leader has.
      this.#replicas.delete(keyOf(slot.topic, slot.partition))
      if (slot.offset > place!.end) this.#arrive(slot, aboveEnd({ ...slot, offset: slot.from }, place!.end))
      else this.#goOn(slot, Math.max(slot.offset, place!.earliest))
    } catch (error) {
      await this.#lookAgain([slot], toTransportError(error, `find where ${slot.topic}/${slot.partition} begins`))
    }
    this.wakeAll()
  }

  /** After a pause and with the leaders of now, these partitions may be asked for again. */
  async #lookAgain(slots: readonly Slot[], reason?: Error): Promise<void> {
    const { clock, options } = this.#cluster
    if (slots.some((slot) => this.#isCurrent(slot))) {
      await sleep(clock, options.retryBackoffMs)
      await this.#cluster.refresh(new Set(slots.map(({ topic }) => topic))).catch(() => {})
    }
    const now = clock.monotonic()
    for (const slot of slots) {
      const key = keyOf(slot.topic, slot.partition)
      const since = this.#troubleSince.get(key) ?? now
      this.#troubleSince.set(key, since)
      if (now - since < troubleMs || this.#cluster.topic(slot.topic) === undefined) this.#drop(slot)
      else this.#arrive(slot, reason ?? new LogUnavailable(`${slot.topic}/${slot.partition} has no leader.`))
    }
    this.wakeAll()
  }

  #noTroubleBefore({ topic, partition }: TopicPartition, at: number): void {
    const key = keyOf(topic, partition)
    const since = this.#troubleSince.get(key)
    // One that failed at once was no sign of life.
    if (since !== undefined && this.#cluster.clock.monotonic() - at > peaceMs) this.#troubleSince.set(key, at)
  }

  #arrive(slot: Slot, arrived: FetchedBatch | Error): void {
    if (this.#isCurrent(slot)) slot.arrived = arrived
  }

  #drop(slot: Slot): void {
    if (this.#isCurrent(slot)) this.#slots.delete(keyOf(slot.topic, slot.partition))
  }

  #isCurrent(slot: Slot): boolean {
    return this.#slots.get(keyOf(slot.topic, slot.partition)) === slot
  }
}

function aboveEnd({ topic, partition, offset }: FetchRequest, end: number): OffsetOutOfRange {
  return new OffsetOutOfRange(`Offset ${offset} of ${topic}/${partition} is above its end, ${end}.`)
}

function keyOf(topic: string, partition: number): string {
  return `${partition}/${topic}`
}

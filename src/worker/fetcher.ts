/**
 * Keeps partitions supplied, lane by lane: asks only for what there is room for, so memory is bounded whatever waits in the log.
 * Every partition is in at most one open fetch; partitions that get room while others are being waited for go into a fetch of their own.
 * After a failed fetch each of its partitions is asked for alone, until it answers: one that cannot be read must not hold up the others.
 * @module
 */
import type { Clock } from '../clock.ts'
import { sleep } from '../clock.ts'
import type { Consumer, FetchedBatch } from '../transport/index.ts'
import type { HeldPartitions } from './held-partitions.ts'
import type { PartitionWork } from './partition-work.ts'

export interface FetcherOptions {
  readonly clock: Clock
  readonly lanes: number
  /** Bytes of records in memory, all lanes together. Each lane has an equal part: bulk cannot take what critical needs. */
  readonly maxBufferedBytes: number
  readonly held: Pick<HeldPartitions, 'ofLane'>
  readonly consumer: () => Consumer | undefined
  readonly paused: (lane: number) => boolean
  readonly deliver: (work: PartitionWork, batch: FetchedBatch) => void
  readonly trouble: (doing: string, error: Error) => void
}

interface Wanted {
  readonly work: PartitionWork
  readonly maxBytes: number
}

/** One call that has not been answered. */
interface OpenFetch {
  readonly works: readonly PartitionWork[]
  /** `monotonic()` time. */
  readonly began: number
  readonly controller: AbortController
}

const maxWaitMs = 5_000
const retryMs = 200
const maxFetchBytes = 1024 * 1024
const minFetchBytes = 64 * 1024

export class Fetcher {
  private readonly options: FetcherOptions
  private readonly stopping = new AbortController()
  private readonly open = new Set<OpenFetch>()

  constructor(options: FetcherOptions) {
    this.options = options
  }

  /** Asks for what there is room for and no open fetch. Call when room may have come. */
  poke(): void {
    const consumer = this.options.consumer()
    if (!consumer || this.stopping.signal.aborted) return
    const { lanes, paused, held } = this.options
    for (let lane = 0; lane < lanes; lane++) if (!paused(lane)) this.pokeLane(consumer, held.ofLane(lane))
  }

  stop(): void {
    const reason = new Error('the worker stops')
    this.stopping.abort(reason)
    for (const { controller } of this.open) controller.abort(reason)
  }

  /** Gives the open fetch of a partition up, of all: undefined, and asks anew. */
  restart(work?: PartitionWork): void {
    for (const { works, controller } of this.open) {
      if (!work || works.includes(work)) controller.abort(new Error('the fetch is given up'))
    }
    this.poke()
  }

  /** When its open fetch began, and whether others hold the memory it would need. */
  stateOf(work: PartitionWork): { readonly fetchBegan: number | undefined; readonly laneIsFull: boolean } {
    let fetchBegan: number | undefined
    for (const { works, began } of this.open) if (works.includes(work)) fetchBegan = began
    let used = 0
    for (const each of this.options.held.ofLane(work.lane)) used += each.memory.bytes
    return { fetchBegan, laneIsFull: used >= this.options.maxBufferedBytes / this.options.lanes }
  }

  /** Called after every event: makes nothing unless there is something to ask for. */
  private pokeLane(consumer: Consumer, works: readonly PartitionWork[]): void {
    const budget = this.options.maxBufferedBytes / this.options.lanes
    const share = Math.max(minFetchBytes, Math.min(maxFetchBytes, budget / works.length))
    const now = this.options.clock.monotonic()
    let used = 0
    for (const work of works) used += work.memory.bytes
    let together: Wanted[] | undefined
    for (const work of works) {
      if (work.fetching || (used >= budget && work.recovered)) continue
      const maxBytes = Math.floor(work.memory.demand.bytes(now, minFetchBytes, share))
      // Refill at half: a fetch for every few events would cost more than it brings.
      if (!work.hasRoom(maxBytes / 2)) continue
      if (work.fetchAlone) void this.fetch(consumer, [{ work, maxBytes }])
      else (together ??= []).push({ work, maxBytes })
    }
    if (together) void this.fetch(consumer, together)
  }

  private async fetch(consumer: Consumer, wanted: readonly Wanted[]): Promise<void> {
    const { deliver, trouble, clock } = this.options
    const requests = wanted.map(({ work, maxBytes }) => {
      work.fetching = true
      return { topic: work.topic, partition: work.partition, offset: work.position, maxBytes }
    })
    const controller = new AbortController()
    const { signal } = controller
    const open = { works: wanted.map(({ work }) => work), began: clock.monotonic(), controller }
    this.open.add(open)
    try {
      const batches = await unlessAborted(consumer.fetch(requests, { maxWaitMs, signal }), signal)
      const tookMs = clock.monotonic() - open.began
      for (const batch of batches) {
        const found = wanted.find(({ work }) => work.topic === batch.topic && work.partition === batch.partition)
        if (!found || found.work.gone) continue
        found.work.memory.demand.fetched(tookMs, batch.nextOffset < batch.endOffset)
        deliver(found.work, batch)
      }
      for (const { work } of wanted) work.fetchAlone = false
    } catch (error) {
      if (this.stopping.signal.aborted) return
      for (const { work } of wanted) work.fetchAlone = true
      // Given up: whoever did so has told it.
      if (!signal.aborted) trouble('fetch', error as Error)
      if (!signal.aborted && wanted.length === 1) await sleep(clock, retryMs, this.stopping.signal).catch(() => {})
    } finally {
      this.open.delete(open)
      for (const { work } of wanted) work.fetching = false
    }
    this.poke()
  }
}

/** Also where the log does not listen to the signal; what it answers later is for nobody. */
function unlessAborted(asked: Promise<readonly FetchedBatch[]>, signal: AbortSignal): Promise<readonly FetchedBatch[]> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    asked.then((batches) => {
      if (signal.aborted) for (const { release } of batches) release?.()
      else resolve(batches)
    }, reject)
  })
}

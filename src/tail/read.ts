/**
 * Records of many partitions as one sequence, oldest first as far as can be told.
 * @module
 */
import type { Clock } from '../clock.ts'
import type { CompiledConfig } from '../config/index.ts'
import type { Log, LogRecord, PartitionOffsets, TopicPartition } from '../transport/index.ts'

export interface Source extends TopicPartition {
  readonly stream: string
  readonly lane: string
}

export interface Placed {
  readonly from: Source
  readonly record: LogRecord
}

/** Where reading begins: at the ends, at the beginning, or with the last records. */
export type From = 'earliest' | 'latest' | { readonly last: number }

const maxBytes = 256 * 1024
const maxWaitMs = 1000
const mostWaiting = 10_000

/** Every partition of the chosen streams and lanes that exists, with its offsets. */
export async function sourcesOf(
  log: Log,
  config: CompiledConfig,
  chosen: { stream: string | undefined; lane: string | undefined },
): Promise<(Source & PartitionOffsets)[]> {
  const existing = new Set((await log.admin.topics()).map((topic) => topic.name))
  const topics = new Map<string, { stream: string; lane: string }>()
  for (const stream of config.streams.values()) {
    if (chosen.stream !== undefined && stream.name !== chosen.stream) continue
    for (const [lane, topic] of stream.topics) {
      if ((chosen.lane === undefined || lane === chosen.lane) && existing.has(topic))
        topics.set(topic, { stream: stream.name, lane })
    }
  }
  const offsets = await log.admin.offsets([...topics.keys()])
  return offsets.map((range) => ({ ...range, ...topics.get(range.topic)! }))
}

/** What is stored now, from `from` to the ends; partitions merged by time. Only records that `wanted` says count as last. */
export async function* storedRecords(
  log: Log,
  sources: readonly (Source & PartitionOffsets)[],
  from: From,
  wanted: (placed: Placed) => boolean,
): AsyncGenerator<Placed> {
  if (from === 'latest') return
  if (from === 'earliest') {
    for await (const placed of merged(sources.map((source) => stored(log, source, source.earliest)))) {
      if (wanted(placed)) yield placed
    }
    return
  }
  const last: Placed[] = []
  for (const source of sources) last.push(...(await lastOf(log, source, from.last, wanted)))
  last.sort((a, b) => a.record.timestamp - b.record.timestamp)
  yield* from.last === 0 ? [] : last.slice(-from.last)
}

/** What is stored from now on, as it comes. Ends when `signal` aborts, or when the reader of the sequence leaves it. */
export async function* newRecords(
  log: Log,
  sources: readonly (Source & PartitionOffsets)[],
  options: { readonly signal: AbortSignal; readonly clock: Clock },
): AsyncGenerator<Placed> {
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  const arrivals = new Arrivals()
  const followers = sources.map((source) =>
    follow(log, source, arrivals, { signal, clock: options.clock }).catch((error: unknown) => {
      // Of a read that was given up nobody wants to hear; anything else ends the sequence.
      if (!signal.aborted) arrivals.fail(error)
    }),
  )
  const wake = (): void => arrivals.wake()
  signal.addEventListener('abort', wake)
  try {
    while (!signal.aborted) {
      await arrivals.some(signal)
      yield* arrivals.take()
    }
  } finally {
    ended.abort()
    await Promise.all(followers)
  }
}

async function follow(
  log: Log,
  source: Source & PartitionOffsets,
  arrivals: Arrivals,
  { signal, clock }: { signal: AbortSignal; clock: Clock },
): Promise<void> {
  const { topic, partition } = source
  let offset = source.end
  while (!signal.aborted) {
    const batch = await log.read({ topic, partition, offset, maxBytes, maxWaitMs, signal })
    offset = batch.nextOffset
    for (const record of batch.records) arrivals.add({ from: source, record })
    // What was read is shown before more is read.
    while (arrivals.count > mostWaiting && !signal.aborted) await clock.yield()
  }
}

/** Records that were read and not shown yet. */
class Arrivals {
  #placed: Placed[] = []
  #failure: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined

  get count(): number {
    return this.#placed.length
  }

  add(placed: Placed): void {
    this.#placed.push(placed)
    this.wake()
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.wake()
  }

  wake(): void {
    this.#wake?.()
  }

  /** Resolves when there are some, or `signal` aborted. @throws what a follower failed with */
  async some(signal: AbortSignal): Promise<void> {
    if (this.count === 0 && this.#failure === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  take(): readonly Placed[] {
    const taken = this.#placed
    this.#placed = []
    return taken
  }
}

async function* stored(log: Log, source: Source & PartitionOffsets, start: number): AsyncGenerator<Placed> {
  let offset = start
  while (offset < source.end) {
    const { topic, partition } = source
    const batch = await log.read({ topic, partition, offset, maxBytes, maxWaitMs: 0 })
    if (batch.nextOffset <= offset) return
    offset = batch.nextOffset
    for (const record of batch.records) if (record.offset < source.end) yield { from: source, record }
  }
}

/** The last `count` wanted records of one partition: windows backwards from the end, each twice as far. */
async function lastOf(
  log: Log,
  source: Source & PartitionOffsets,
  count: number,
  wanted: (placed: Placed) => boolean,
): Promise<Placed[]> {
  if (count === 0) return []
  for (let window = count; ; window *= 4) {
    const start = Math.max(source.earliest, source.end - window)
    const found: Placed[] = []
    for await (const placed of stored(log, source, start)) {
      if (wanted(placed)) found.push(placed)
      if (found.length > count) found.shift()
    }
    if (found.length >= count || start <= source.earliest) return found
  }
}

/** Merges sequences by the time of their records; each keeps its own order. */
async function* merged(sequences: readonly AsyncGenerator<Placed>[]): AsyncGenerator<Placed> {
  const heads: { sequence: AsyncGenerator<Placed>; placed: Placed }[] = []
  for (const sequence of sequences) {
    const first = await sequence.next()
    if (!first.done) heads.push({ sequence, placed: first.value })
  }
  while (heads.length > 0) {
    let earliest = 0
    for (let index = 1; index < heads.length; index++) {
      if (heads[index]!.placed.record.timestamp < heads[earliest]!.placed.record.timestamp) earliest = index
    }
    const head = heads[earliest]!
    yield head.placed
    const next = await head.sequence.next()
    if (next.done) heads.splice(earliest, 1)
    else head.placed = next.value
  }
}

/**
 * What a transport brings to the conformance suite, and what every case of the suite gets.
 * @module
 */
import { expect } from 'vitest'
import type {
  AppendRecord,
  FetchedBatch,
  Log,
  LogRecord,
  TopicSpec,
  TransportFeatures,
} from '../../src/transport/index.ts'

/** One log and its clients. */
export interface TransportHarness {
  /** A new client of the same log. */
  open(clientId: string): Promise<Log>
  /** Ends every client without any farewell and lets the stored log be opened again. Absent: no such case. */
  crash?(): Promise<void>
  /** Applies retention as of `now`. Absent: the transport does it in its own time. */
  retain?(log: Log, now: number): Promise<void>
  /** Set: has the optional `readTogether` and `admin.offsetsSince`. */
  readonly follows?: true
  close(): Promise<void>
}

export interface TransportSuite {
  readonly name: string
  readonly create: () => Promise<TransportHarness>
  readonly features: TransportFeatures
  /** The parts of the contract to try; absent: all. */
  readonly only?: readonly Part[]
  /** Cases this transport cannot pass, by name, each with its reason. */
  readonly skip?: readonly { readonly test: string; readonly reason: string }[]
}

/** A part of the contract. */
export type Part = 'append' | 'consume' | 'groups' | 'admin' | 'transactions'

/** One obligation of the contract. */
export interface Case {
  readonly name: string
  /** What the case needs; it is skipped (visibly) without it. */
  readonly needs?: (features: TransportFeatures, harness: TransportHarness) => boolean
  readonly run: (bench: Bench) => Promise<void>
}

let names = 0

/** The tools of one case. Topics and groups are fresh by case. */
export class Bench {
  readonly features: TransportFeatures
  readonly harness: TransportHarness
  readonly #logs: Log[] = []

  constructor(features: TransportFeatures, harness: TransportHarness) {
    this.features = features
    this.harness = harness
  }

  async log(clientId = `client-${this.#logs.length}`): Promise<Log> {
    const log = await this.harness.open(clientId)
    this.#logs.push(log)
    return log
  }

  name(kind: string): string {
    return `${kind}-${process.pid}-${++names}`
  }

  async topic(log: Log, spec: Partial<TopicSpec> = {}): Promise<string> {
    const name = spec.name ?? this.name('topic')
    await log.admin.createTopics([{ partitions: 1, retentionMs: Infinity, retentionBytes: Infinity, ...spec, name }])
    return name
  }

  async close(): Promise<void> {
    await Promise.all(this.#logs.map((log) => log.close()))
    await this.harness.close()
  }
}

export function record(
  topic: string,
  partition: number,
  value: string | Uint8Array | null,
  more: Partial<AppendRecord> = {},
): AppendRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return { topic, partition, key: null, value: bytes, headers: [], timestamp: 1_700_000_000_000, ...more }
}

export function records(topic: string, partition: number, values: readonly string[]): AppendRecord[] {
  return values.map((value) => record(topic, partition, value))
}

/** Appends and expects every record to be stored; gives the offsets. */
export async function stored(log: Log, batch: readonly AppendRecord[]): Promise<number[]> {
  const outcomes = await log.append(batch)
  expect(outcomes).toHaveLength(batch.length)
  return outcomes.map((outcome) => {
    if ('error' in outcome) throw outcome.error
    return outcome.offset
  })
}

export function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString()
}

export function values(batches: readonly FetchedBatch[]): (string | null)[] {
  return batches.flatMap((batch) => batch.records.map((entry) => text(entry.value)))
}

/** All records of a partition from `offset` to where it ends now. */
export async function readAll(
  log: Log,
  topic: string,
  partition = 0,
  offset = 0,
  maxBytes = 1 << 20,
): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for (let next = offset; ;) {
    const batch = await log.read({ topic, partition, offset: next, maxBytes, maxWaitMs: 0 })
    if (batch.records.length === 0) return all
    all.push(...batch.records)
    expect(batch.nextOffset).toBeGreaterThan(next)
    next = batch.nextOffset
  }
}

/** Expects `promise` to reject with an error of this code. */
export async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  await expect(promise).rejects.toMatchObject({ code })
}

/** A generator of numbers in [0, 1) that a seed repeats. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

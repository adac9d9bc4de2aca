/**
 * The state of a simulated log: topics, groups and the history of everything stored. It outlives its clients, as a broker does.
 * @module
 */
import type { Clock } from '../../src/clock.ts'
import {
  RecordTooLarge,
  TopicMismatch,
  TopicUnknown,
  type AppendOutcome,
  type AppendRecord,
  type LogRecord,
  type RecordHeaders,
  type TopicSpec,
  type TransportFeatures,
} from '../../src/transport/index.ts'
import { SimulatedGroup } from './simulated-group.ts'
import type { ClusterEntry } from './history.ts'
import { noFaults, type SimulatedFaults } from './simulated-faults.ts'
import type { SimulatedClient } from './simulated-client.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export interface ClusterOptions {
  readonly clock: Clock
  /** One way of a message between client and cluster, milliseconds. Default 0: answers need no time to pass. */
  readonly latency?: () => number
  readonly features?: Partial<TransportFeatures>
  readonly faults?: SimulatedFaults
  /** How long `revoked` is waited for before the member is expelled. Default 60,000. */
  readonly rebalanceTimeoutMs?: number
}

const defaultFeatures: TransportFeatures = {
  replay: true,
  dedupeWindowMs: 600_000,
  maxCommitMetadataBytes: 4096,
  maxRecordBytes: 1024 * 1024,
  multiProcess: true,
  administrable: true,
  transactions: true,
}

export class SimulatedCluster {
  readonly clock: Clock
  readonly features: TransportFeatures
  readonly latency: () => number
  readonly rebalanceTimeoutMs: number
  /** May be changed at any time: `noFaults` ends them. */
  faults: SimulatedFaults
  /** Everything stored and every change of ownership, in order. */
  readonly history: ClusterEntry[] = []
  /** Told of every entry, for one history over cluster and handlers. */
  observe: (entry: ClusterEntry) => void = () => {}
  readonly topics = new Map<string, SimulatedTopic>()
  readonly groups = new Map<string, SimulatedGroup>()
  readonly clients = new Set<SimulatedClient>()
  readonly #seen = new Map<string, { at: number; digest: number; offset: number }>()

  constructor(options: ClusterOptions) {
    this.clock = options.clock
    this.latency = options.latency ?? (() => 0)
    this.features = { ...defaultFeatures, ...options.features }
    this.faults = options.faults ?? noFaults
    this.rebalanceTimeoutMs = options.rebalanceTimeoutMs ?? 60_000
  }

  record(entry: ClusterEntry): void {
    this.history.push(entry)
    this.observe(entry)
  }

  topic(name: string): SimulatedTopic {
    const topic = this.topics.get(name)
    if (!topic) throw new TopicUnknown(name)
    return topic
  }

  partition(name: string, partition: number): SimulatedPartition {
    const found = this.topic(name).partitions[partition]
    if (!found) throw new TopicUnknown(`${name}/${partition}`)
    found.expire(this.clock.now())
    return found
  }

  group(name: string): SimulatedGroup {
    let group = this.groups.get(name)
    if (!group) this.groups.set(name, (group = new SimulatedGroup(this, name)))
    return group
  }

  createTopics(specs: readonly TopicSpec[]): void {
    for (const { name, partitions } of specs) {
      const existing = this.topics.get(name)?.spec.partitions ?? partitions
      if (existing !== partitions) throw new TopicMismatch(name, existing, partitions)
    }
    for (const spec of specs) {
      const existing = this.topics.get(spec.name)
      if (existing) existing.spec = spec
      else this.topics.set(spec.name, new SimulatedTopic(spec))
    }
    for (const group of this.groups.values()) group.rebalance()
  }

  /** @throws TopicUnknown, RecordTooLarge when the record could not be stored */
  check(record: AppendRecord): void {
    this.partition(record.topic, record.partition)
    const bytes = sizeOf(record)
    const { maxRecordBytes } = this.features
    if (bytes > maxRecordBytes) throw new RecordTooLarge(bytes, maxRecordBytes, 'the simulated log')
  }

  /** Stores one record now, unless it is refused or known already. */
  store(client: string, record: AppendRecord): AppendOutcome {
    const found = this.topics.get(record.topic)?.partitions[record.partition]
    if (!found) return { error: new TopicUnknown(record.topic) }
    const bytes = sizeOf(record)
    if (bytes > this.features.maxRecordBytes) {
      return { error: new RecordTooLarge(bytes, this.features.maxRecordBytes, 'the simulated log') }
    }
    const known = this.#known(record)
    if (known) return known
    const stored = found.append(record, bytes)
    if (record.dedupe) {
      const { scope, id, digest } = record.dedupe
      this.#seen.set(dedupeKey(record.topic, scope, id), { at: this.clock.now(), digest, offset: stored.offset })
    }
    const { topic, partition } = record
    this.record({ kind: 'append', at: this.clock.monotonic(), client, topic, partition, record: stored })
    found.expire(this.clock.now())
    found.wake()
    return { offset: stored.offset }
  }

  #known(record: AppendRecord): AppendOutcome | undefined {
    if (!record.dedupe || this.features.dedupeWindowMs === 0) return undefined
    const { scope, id, digest } = record.dedupe
    const seen = this.#seen.get(dedupeKey(record.topic, scope, id))
    if (!seen || this.clock.now() - seen.at > this.features.dedupeWindowMs) return undefined
    if (seen.digest !== digest) return { error: this.conflict(id) }
    return { offset: seen.offset, duplicate: true }
  }

  /** The error of a repeated id with other content; replaced when the transport room declares its own. */
  conflict(id: string): Error {
    return Object.assign(new Error(`The id "${id}" was used for another event.`), { retryable: false })
  }
}

function dedupeKey(topic: string, scope: string, id: string): string {
  return `${topic}\0${scope}\0${id}`
}

export class SimulatedTopic {
  spec: TopicSpec
  readonly partitions: readonly SimulatedPartition[]
  constructor(spec: TopicSpec) {
    this.spec = spec
    this.partitions = Array.from({ length: spec.partitions }, () => new SimulatedPartition(this))
  }
}

export interface StoredRecord extends LogRecord {
  readonly bytes: number
}

export class SimulatedPartition {
  readonly #topic: SimulatedTopic
  #records: StoredRecord[] = []
  #earliest = 0
  #end = 0
  #bytes = 0
  #waiting = new Set<() => void>()

  constructor(topic: SimulatedTopic) {
    this.#topic = topic
  }

  get earliest(): number {
    return this.#earliest
  }

  get end(): number {
    return this.#end
  }

  append(record: AppendRecord, bytes: number): StoredRecord {
    const headers = new SimulatedHeaders(record.headers)
    const stored = {
      offset: this.#end++,
      timestamp: record.timestamp,
      key: record.key,
      value: record.value,
      headers,
      bytes,
    }
    this.#records.push(stored)
    this.#bytes += bytes
    return stored
  }

  /** Records from `offset` on: at least one when there is one, then up to the limits. */
  from(offset: number, maxBytes: number, maxRecords = Infinity): StoredRecord[] {
    const taken: StoredRecord[] = []
    let bytes = 0
    for (let index = Math.max(0, offset - this.#earliest); index < this.#records.length; index++) {
      const record = this.#records[index]!
      bytes += record.bytes
      if (taken.length > 0 && (bytes > maxBytes || taken.length >= maxRecords)) break
      taken.push(record)
    }
    return taken
  }

  /** Removes what retention says; the newest record always stays. */
  expire(now: number): void {
    const { retentionMs, retentionBytes } = this.#topic.spec
    while (this.#records.length > 1) {
      const first = this.#records[0]!
      if (first.timestamp >= now - retentionMs && this.#bytes <= retentionBytes) return
      this.#records.shift()
      this.#bytes -= first.bytes
      this.#earliest = this.#records[0]!.offset
    }
  }

  /** Calls `awake` on the next append; the returned function takes that back. */
  onAppend(awake: () => void): () => void {
    this.#waiting.add(awake)
    return () => this.#waiting.delete(awake)
  }

  wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const awake of waiting) awake()
  }
}

class SimulatedHeaders implements RecordHeaders {
  readonly #pairs: readonly (readonly [string, Uint8Array])[]
  constructor(pairs: AppendRecord['headers']) {
    this.#pairs = pairs.map(([name, value]) => [name, typeof value === 'string' ? encoder.encode(value) : value])
  }
  get(name: string): Uint8Array | undefined {
    return this.#pairs.findLast((pair) => pair[0] === name)?.[1]
  }
  text(name: string): string | undefined {
    const value = this.get(name)
    return value && decoder.decode(value)
  }
  [Symbol.iterator](): Iterator<readonly [name: string, value: Uint8Array]> {
    return this.#pairs[Symbol.iterator]()
  }
}

function sizeOf(record: AppendRecord): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const [name, value] of record.headers) {
    bytes += name.length + (typeof value === 'string' ? Buffer.byteLength(value) : value.length)
  }
  return bytes
}

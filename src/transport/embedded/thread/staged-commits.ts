/**
 * Commits that store records: the positions are written into the log's file beside the records, in one transaction, as a record of
 * a topic of their own. From there they go into the file of positions; what did not get there (the process or the machine died in
 * between) is brought there when the log is opened. How far that is, the file of positions says itself, so it is true however much of that
 * file a power cut takes back.
 * @module
 */
import { TopicUnknown, type TopicSpec } from '../../index.ts'
import type { EntryOutcome, PackedEntry, WirePosition } from '../protocol.ts'
import { packRecords, unpackRecords } from '../record-codec.ts'
import type { StoredRow } from './appender.ts'
import type { Catalog } from './catalog.ts'
import type { Positions } from './positions.ts'
import { Reader } from './reader.ts'

/** Named so that no application's topic can be. */
export const stagedTopic = '__positions'

/**
 * Far more than can be missing from the file of positions: that file is synced at the latest when 32 MiB were written to it, and every
 * commit writes at least as much there as here.
 */
const retentionBytes = 128 * 1024 * 1024
const spec: TopicSpec = { name: stagedTopic, partitions: 1, retentionMs: Infinity, retentionBytes }
const applied = { group: '', topic: stagedTopic, partition: 0, metadata: new Uint8Array() }
const readBytes = 1024 * 1024

export type GroupPosition = WirePosition & { readonly group: string }

/** Thrown when records and positions are stored, and the file of positions does not have them yet: the log must be opened anew. */
export class NotApplied extends Error {}

/** The store of records, as far as it is needed here. */
interface Records {
  readonly catalog: Catalog
  append(entries: readonly PackedEntry[], now: number): { outcomes: EntryOutcome[]; rows: readonly StoredRow[] }
  createTopics(topics: readonly TopicSpec[]): void
}

export class StagedCommits {
  readonly #store: Records
  readonly #positions: Positions

  constructor(store: Records, positions: Positions) {
    this.#store = store
    this.#positions = positions
  }

  /**
   * @throws TopicUnknown, LogFull (nothing is stored), LogUnavailable (it may be), NotApplied (it is)
   */
  commit(positions: readonly GroupPosition[], entries: readonly PackedEntry[], now: number): readonly StoredRow[] {
    const { catalog } = this.#store
    for (const { topic, partition } of entries) {
      if (catalog.find(topic, partition) !== undefined) continue
      throw new TopicUnknown(catalog.topics.has(topic) ? `${topic}/${partition}` : topic)
    }
    if (!catalog.topics.has(stagedTopic)) this.#store.createTopics([spec])
    const { rows } = this.#store.append([...entries, entryOf(positions, now)], now)
    try {
      this.#positions.save([...positions, { ...applied, offset: catalog.find(stagedTopic, 0)!.end }])
    } catch (cause) {
      throw new NotApplied('The file of positions could not be written.', { cause })
    }
    return rows
  }

  /** Brings what is missing into the file of positions. @throws LogCorrupted, LogFull, LogUnavailable */
  recover(file: string): void {
    const state = this.#store.catalog.find(stagedTopic, 0)
    if (state === undefined) return
    let offset = this.#positions.get(applied.group, applied)?.offset ?? 0
    if (offset >= state.end) return
    const reader = new Reader(file)
    try {
      while (offset < state.end) {
        const part = reader.read({ topic: stagedTopic, partition: 0, offset, maxBytes: readBytes })
        const records: Parameters<typeof unpackRecords>[1] = []
        for (const chunk of part.chunks) unpackRecords(chunk, records)
        const found = records.flatMap(({ value }) => positionsOf(value!))
        // Of a topic that was deleted since there is nothing to keep.
        const known = found.filter(({ topic, partition }) => this.#store.catalog.find(topic, partition) !== undefined)
        this.#positions.save([...known, { ...applied, offset: part.nextOffset }])
        offset = part.nextOffset
      }
    } finally {
      reader.close()
    }
  }
}

function entryOf(positions: readonly GroupPosition[], now: number): PackedEntry {
  const plain = positions.map(({ group, topic, partition, offset, metadata }) => {
    return [group, topic, partition, offset, Buffer.from(metadata).toString('base64')]
  })
  const value = Buffer.from(JSON.stringify(plain))
  const record = { topic: stagedTopic, partition: 0, key: null, value, headers: [], timestamp: now }
  return { topic: stagedTopic, partition: 0, count: 1, bytes: packRecords([record]) }
}

function positionsOf(value: Uint8Array): GroupPosition[] {
  const plain = JSON.parse(Buffer.from(value).toString()) as [string, string, number, number, string][]
  return plain.map(([group, topic, partition, offset, metadata]) => {
    return { group, topic, partition, offset, metadata: new Uint8Array(Buffer.from(metadata, 'base64')) }
  })
}

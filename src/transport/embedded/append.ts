/**
 * An append call as the log thread gets it, and its outcomes back at their records.
 * @module
 */
import { IdConflict, RecordTooLarge, type AppendOutcome, type AppendRecord } from '../index.ts'
import type { EntryOutcome, PackedEntry, RecordOutcome } from './protocol.ts'
import { packRecords, recordBytes, surelyWithin } from './record-codec.ts'
import { fromWire } from './wire-errors.ts'

/**
 * Records that are stored together or not at all, as the log thread gets them.
 * @throws RecordTooLarge
 */
export function packTogether(records: readonly AppendRecord[], maxRecordBytes: number): AppendCall {
  // An id is not looked at: what is stored with a position is stored once anyway.
  const call = new AppendCall(
    records.map((record) => (record.dedupe === undefined ? record : { ...record, dedupe: undefined })),
    maxRecordBytes,
  )
  const refused = call.firstRefused
  if (refused !== undefined) throw refused
  return call
}

/** Records of one partition with their places in the call. */
interface Group {
  readonly topic: string
  readonly partition: number
  readonly records: AppendRecord[]
  readonly indexes: number[]
  dedupes: boolean
}

export class AppendCall {
  readonly entries: PackedEntry[]
  readonly #groups: readonly Group[]
  readonly #outcomes: AppendOutcome[]

  /** Packs `records`; those above `maxRecordBytes` have their outcome already. */
  constructor(records: readonly AppendRecord[], maxRecordBytes: number) {
    this.#outcomes = Array.from({ length: records.length })
    this.#groups = this.#group(records, maxRecordBytes)
    this.entries = this.#groups.map(({ topic, partition, records, dedupes }) => ({
      topic,
      partition,
      count: records.length,
      bytes: packRecords(records),
      dedupe: dedupes ? records.map((record) => record.dedupe ?? null) : undefined,
    }))
  }

  /** Why the first record with an outcome already has it. */
  get firstRefused(): Error | undefined {
    const outcome = this.#outcomes.find((each) => each !== undefined)
    return outcome !== undefined && 'error' in outcome ? outcome.error : undefined
  }

  /** The buffers of the entries, for transfer. */
  get transfer(): ArrayBuffer[] {
    return this.entries.map(({ bytes }) => bytes.buffer as ArrayBuffer)
  }

  /** What became of every record, at its index. */
  outcomes(answer: readonly EntryOutcome[]): readonly AppendOutcome[] {
    for (const [place, group] of this.#groups.entries()) {
      const outcome = answer[place]!
      const error = 'error' in outcome ? fromWire(outcome.error) : undefined
      for (const [nth, index] of group.indexes.entries()) {
        if (error !== undefined) this.#outcomes[index] = { error }
        else if ('base' in outcome) this.#outcomes[index] = { offset: outcome.base + nth }
        else if ('records' in outcome) this.#outcomes[index] = this.#record(group, nth, outcome.records[nth]!)
      }
    }
    return this.#outcomes
  }

  #record(group: Group, nth: number, outcome: RecordOutcome): AppendOutcome {
    if ('offset' in outcome) return outcome
    return { error: new IdConflict(group.records[nth]!.dedupe!.id, outcome.conflict) }
  }

  #group(records: readonly AppendRecord[], maxRecordBytes: number): Group[] {
    const groups = new Map<string, Group>()
    let last: Group | undefined
    for (let index = 0; index < records.length; index++) {
      const record = records[index]!
      if (!surelyWithin(record, maxRecordBytes)) {
        const bytes = recordBytes(record)
        if (bytes > maxRecordBytes) {
          this.#outcomes[index] = { error: new RecordTooLarge(bytes, maxRecordBytes, 'embedded({ maxRecordBytes })') }
          continue
        }
      }
      const { topic, partition } = record
      if (last === undefined || last.partition !== partition || last.topic !== topic) {
        const key = `${partition}/${topic}`
        last = groups.get(key)
        if (last === undefined) {
          last = { topic, partition, records: [], indexes: [], dedupes: false }
          groups.set(key, last)
        }
      }
      last.records.push(record)
      last.indexes.push(index)
      if (record.dedupe !== undefined) last.dedupes = true
    }
    return [...groups.values()]
  }
}

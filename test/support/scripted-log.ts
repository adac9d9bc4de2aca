/**
 * A log that only appends, and does as told: delays, refusals and silence, for testing the publisher against every answer a log can give.
 * @module
 */
import type { Clock } from '../../src/clock.ts'
import {
  LogFull,
  LogUnavailable,
  type AppendOutcome,
  type AppendRecord,
  type EarlyOutcomes,
  type TransportFeatures,
} from '../../src/transport/index.ts'

/** What happens to one append call. `refuse`: these partitions' records are definitely not stored; the rest is. */
export interface Answer {
  readonly delayMs?: number
  /** The call rejects; `stored`: after storing everything. */
  readonly reject?: Error
  readonly stored?: boolean
  readonly refuse?: { readonly error: Error; when(record: AppendRecord): boolean }
  /** Never answers. */
  readonly silent?: boolean
  /** These records' partitions take `ms` longer than the others; only of a log that has its partitions apart. */
  readonly late?: { readonly ms: number; when(record: AppendRecord): boolean }
}

export class ScriptedLog {
  readonly records: AppendRecord[] = []
  readonly calls: (readonly AppendRecord[])[] = []
  readonly #clock: Clock
  readonly #answer: (call: number, records: readonly AppendRecord[]) => Answer
  readonly #ends = new Map<string, number>()
  /** Most calls under way at once. */
  concurrency = 0
  /** Partitions that a call came for while an earlier one had no outcome for them. */
  readonly overtaken: string[] = []
  readonly features: TransportFeatures | undefined
  #underWay = 0
  readonly #open = new Map<string, number>()

  constructor(
    clock: Clock,
    answer: (call: number, records: readonly AppendRecord[]) => Answer = () => ({}),
    features?: Pick<TransportFeatures, 'appendsApart'>,
  ) {
    this.#clock = clock
    this.#answer = answer
    this.features = features as TransportFeatures | undefined
  }

  readonly append = async (
    records: readonly AppendRecord[],
    early?: EarlyOutcomes,
  ): Promise<readonly AppendOutcome[]> => {
    const answer = this.#answer(this.calls.length, records)
    this.calls.push(records)
    this.concurrency = Math.max(this.concurrency, ++this.#underWay)
    const places = [...new Set(records.map(placeOf))]
    for (const place of places) {
      if (this.#open.has(place)) this.overtaken.push(place)
      this.#open.set(place, this.calls.length)
    }
    await new Promise<void>((resolve) => {
      if (!answer.silent) this.#clock.setTimer(answer.delayMs ?? 1, resolve)
    })
    const outcomes: AppendOutcome[] = []
    const late = new Set(answer.late ? records.filter((record) => answer.late!.when(record)).map(placeOf) : [])
    if (late.size > 0) {
      const soon = records.flatMap((record, index) => (late.has(placeOf(record)) ? [] : [index]))
      this.#decide(records, soon, answer, outcomes)
      for (const place of places) if (!late.has(place)) this.#open.delete(place)
      if (soon.length > 0) early?.(soon, soon.map((index) => outcomes[index]!)) // prettier-ignore
      await new Promise<void>((resolve) => void this.#clock.setTimer(answer.late!.ms, resolve))
    }
    this.#underWay--
    for (const place of places) if (this.#open.get(place) !== undefined) this.#open.delete(place)
    if (answer.reject && !answer.stored) throw answer.reject
    const rest = records.flatMap((_, index) => (outcomes[index] === undefined ? [index] : []))
    this.#decide(records, rest, answer, outcomes)
    if (answer.reject) throw answer.reject
    return outcomes
  }

  #decide(records: readonly AppendRecord[], indexes: readonly number[], answer: Answer, into: AppendOutcome[]): void {
    const refused = new Set<string>()
    for (const index of indexes) {
      const record = records[index]!
      const place = placeOf(record)
      // As a real log: nothing is stored behind a record of the same partition that was refused.
      if (refused.has(place) || answer.refuse?.when(record)) {
        refused.add(place)
        into[index] = { error: answer.refuse!.error }
      } else into[index] = { offset: this.#store(record, place) }
    }
  }

  #store(record: AppendRecord, place: string): number {
    const offset = this.#ends.get(place) ?? 0
    this.#ends.set(place, offset + 1)
    this.records.push(record)
    return offset
  }

  /** Ids in the log, in the order stored, one list for each key. */
  idsByKey(): Map<string, string[]> {
    const byKey = new Map<string, string[]>()
    for (const record of this.records) {
      const key = `${record.topic} ${Buffer.from(record.key!).toString()}`
      const ids = byKey.get(key) ?? []
      if (ids.length === 0) byKey.set(key, ids)
      ids.push(idOf(record))
    }
    return byKey
  }
}

function placeOf({ topic, partition }: AppendRecord): string {
  return `${topic}/${partition}`
}

export function idOf(record: AppendRecord): string {
  return record.headers.find(([name]) => name === 'ce_id')![1] as string
}

export const unavailable = (): LogUnavailable => new LogUnavailable('The log is away.')
export const full = (): LogFull => new LogFull('The disk is full.')

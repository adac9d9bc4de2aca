/**
 * A log that only appends, and does as told: delays, refusals and silence, for testing the publisher against every answer a log can give.
 * @module
 */
import type { Clock } from '../../src/clock.ts'
import { LogFull, LogUnavailable, type AppendOutcome, type AppendRecord } from '../../src/transport/index.ts'

/** What happens to one append call. `refuse`: these partitions' records are definitely not stored; the rest is. */
export interface Answer {
  readonly delayMs?: number
  /** The call rejects; `stored`: after storing everything. */
  readonly reject?: Error
  readonly stored?: boolean
  readonly refuse?: { readonly error: Error; when(record: AppendRecord): boolean }
  /** Never answers. */
  readonly silent?: boolean
}

export class ScriptedLog {
  readonly records: AppendRecord[] = []
  readonly calls: (readonly AppendRecord[])[] = []
  readonly #clock: Clock
  readonly #answer: (call: number, records: readonly AppendRecord[]) => Answer
  readonly #ends = new Map<string, number>()
  /** Most calls under way at once. */
  concurrency = 0
  #underWay = 0

  constructor(clock: Clock, answer: (call: number, records: readonly AppendRecord[]) => Answer = () => ({})) {
    this.#clock = clock
    this.#answer = answer
  }

  readonly append = async (records: readonly AppendRecord[]): Promise<readonly AppendOutcome[]> => {
    const answer = this.#answer(this.calls.length, records)
    this.calls.push(records)
    this.concurrency = Math.max(this.concurrency, ++this.#underWay)
    await new Promise<void>((resolve) => {
      if (!answer.silent) this.#clock.setTimer(answer.delayMs ?? 1, resolve)
    })
    this.#underWay--
    if (answer.reject && !answer.stored) throw answer.reject
    const refused = new Set<string>()
    const outcomes = records.map((record): AppendOutcome => {
      const place = `${record.topic}/${record.partition}`
      // As a real log: nothing is stored behind a record of the same partition that was refused.
      if (refused.has(place) || answer.refuse?.when(record)) {
        refused.add(place)
        return { error: answer.refuse!.error }
      }
      return { offset: this.#store(record, place) }
    })
    if (answer.reject) throw answer.reject
    return outcomes
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

export function idOf(record: AppendRecord): string {
  return record.headers.find(([name]) => name === 'ce_id')![1] as string
}

export const unavailable = (): LogUnavailable => new LogUnavailable('The log is away.')
export const full = (): LogFull => new LogFull('The disk is full.')

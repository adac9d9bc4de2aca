/**
 * Appending with ids that are known: what was stored before is not stored again. The outcomes are those of a log that remembers ids.
 * @module
 */
import {
  IdConflict,
  type AppendOutcome,
  type AppendRecord,
  type EarlyOutcomes,
  type Log,
  type TopicPartition,
} from '../../transport/index.ts'
import { identify, identityWords, type IdTable, type Known } from './id-table.ts'

/** Offsets of one partition that were stored here and not read back yet; of more, records are looked at as those of others. */
const mostOwn = 10_000

export class KnownIds {
  readonly #table: IdTable
  readonly #monotonic: () => number
  readonly #places: readonly TopicPartition[]
  /** By topic, the numbers of its partitions. */
  readonly #numbers = new Map<string, number[]>()
  readonly #own: readonly Set<number>[]
  /** By the number of a partition: what lies below was read. */
  readonly #read: Float64Array
  readonly #words = new Uint32Array(identityWords)

  /** @param places the partitions that are looked after */
  constructor(table: IdTable, places: readonly TopicPartition[], monotonic: () => number) {
    this.#table = table
    this.#places = places
    this.#monotonic = monotonic
    this.#own = places.map(() => new Set())
    this.#read = new Float64Array(places.length)
    for (const [number, { topic, partition }] of places.entries()) {
      const numbers = this.#numbers.get(topic) ?? []
      numbers[partition] = number
      this.#numbers.set(topic, numbers)
    }
  }

  /** As `log.append`. */
  async append(
    log: Pick<Log, 'append'>,
    records: readonly AppendRecord[],
    early?: EarlyOutcomes,
  ): Promise<readonly AppendOutcome[]> {
    const call = new Call(records)
    const outcomes: AppendOutcome[] = Array.from({ length: records.length })
    const left: number[] = []
    for (let index = 0; index < records.length; index++) {
      const outcome = call.has(index) ? this.#repeated(records[index]!, call, index) : undefined
      if (outcome === undefined) left.push(index)
      else outcomes[index] = outcome
    }
    if (left.length === 0) return outcomes
    const onward = left.length === records.length ? records : left.map((index) => records[index]!)
    // Told early or at the end, an id is known before anybody is answered.
    const told: EarlyOutcomes = (places, some) => {
      const own = places.map((place) => left[place]!)
      for (const [nth, index] of own.entries()) this.#stored(call, index, some[nth]!)
      early?.(own, some)
    }
    const answers = await log.append(onward, early && told)
    for (const [nth, index] of left.entries()) {
      this.#stored(call, index, answers[nth]!)
      outcomes[index] = answers[nth]!
    }
    return outcomes
  }

  /** A record that was read. */
  seen(number: number, offset: number, source: string, id: string, digest: number): void {
    identify(source, id, this.#words, 0)
    this.#table.add(this.#words, 0, { digest, place: number, offset }, this.#monotonic())
  }

  /** Whether the record there was stored by this gateway, and is known. */
  isOwn(number: number, offset: number): boolean {
    return this.#own[number]!.has(offset)
  }

  /** What lies below was read. */
  readTo(number: number, offset: number): void {
    this.#read[number] = offset
    const own = this.#own[number]!
    // In the order they were stored in. What was answered for after it was read is among them.
    for (const each of own) {
      if (each >= offset) return
      own.delete(each)
    }
  }

  #repeated({ dedupe, topic, partition }: AppendRecord, call: Call, index: number): AppendOutcome | undefined {
    const known = this.#table.find(call.words, index * identityWords, this.#monotonic())
    if (known === undefined) return undefined
    const { digest, place, offset } = known
    if (digest !== dedupe!.digest >>> 0) return { error: new IdConflict(dedupe!.id, offset) }
    const first = this.#places[place]!
    return first.topic === topic && first.partition === partition
      ? { offset, duplicate: true }
      : { offset, duplicate: true, first: { topic: first.topic, partition: first.partition } }
  }

  #stored(call: Call, index: number, outcome: AppendOutcome): void {
    if ('error' in outcome || !call.has(index)) return
    const { topic, partition, dedupe } = call.records[index]!
    const place = this.#numbers.get(topic)?.[partition]
    if (place === undefined) return
    const known: Known = { digest: dedupe!.digest, place, offset: outcome.offset }
    this.#table.add(call.words, index * identityWords, known, this.#monotonic())
    const own = this.#own[place]!
    if (outcome.offset >= this.#read[place]! && own.size < mostOwn) own.add(outcome.offset)
  }
}

/** The records of a call, with the identities of those that have one. */
class Call {
  readonly records: readonly AppendRecord[]
  readonly words: Uint32Array

  constructor(records: readonly AppendRecord[]) {
    this.records = records
    this.words = new Uint32Array(records.length * identityWords)
    for (const [index, { dedupe }] of records.entries()) {
      if (dedupe !== undefined) identify(dedupe.scope, dedupe.id, this.words, index * identityWords)
    }
  }

  has(index: number): boolean {
    return this.records[index]!.dedupe !== undefined
  }
}

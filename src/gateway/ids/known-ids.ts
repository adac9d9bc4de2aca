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
import { OwnOffsets } from './own-offsets.ts'
import { identify, identityWords, type IdTable } from './id-table.ts'

export class KnownIds {
  readonly #table: IdTable
  readonly #monotonic: () => number
  readonly #places: readonly TopicPartition[]
  /** By topic, the numbers of its partitions. */
  readonly #numbers = new Map<string, number[]>()
  readonly #own: readonly OwnOffsets[]
  /** By the number of a partition: what lies below was read. */
  readonly #read: Float64Array
  readonly #words = new Uint32Array(identityWords)

  /** @param places the partitions that are looked after */
  constructor(table: IdTable, places: readonly TopicPartition[], monotonic: () => number) {
    this.#table = table
    this.#places = places
    this.#monotonic = monotonic
    this.#own = places.map(() => new OwnOffsets())
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

  /** Past what this gateway stored itself and knows, from `offset` on, which is where the partition was read to. */
  pastOwn(number: number, offset: number): number {
    const past = this.#own[number]!.endOfRun(offset)
    this.#read[number] = past
    return past
  }

  /** Events that this gateway stored and has not read back. */
  get own(): number {
    return this.#own.reduce((sum, { count }) => sum + count, 0)
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
    if ('error' in outcome) return
    const { topic, partition, dedupe } = call.records[index]!
    const place = this.#numbers.get(topic)?.[partition]
    if (place === undefined) return
    const { offset } = outcome
    if (offset >= this.#read[place]!) this.#own[place]!.add(offset)
    // An id that nobody gave comes never again.
    if (dedupe === undefined) return
    this.#table.add(call.words, index * identityWords, { digest: dedupe.digest, place, offset }, this.#monotonic())
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

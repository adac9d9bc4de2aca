/**
 * When the oldest record that is not done was stored, partition by partition. The log does not say; the record at that offset does.
 * @module
 */
import type { Log } from '../../transport/index.ts'
import { idOf, type PartitionLag } from './partitions.ts'

/** Reading one record takes what it lies in too: a row of the embedded log, a batch of Kafka. So few at once. */
const atOnce = 4

interface Known {
  readonly offset: number
  /** null: nothing lies there that is a record (marks of transactions), or it could not be read. */
  readonly timestamp: number | null
}

export class OldestRecords {
  readonly #log: Log
  readonly #maxReads: number
  /** By topic, partition and subscription; those read longest ago first. */
  #known = new Map<string, Known>()

  constructor(log: Log, maxReads: number) {
    this.#log = log
    this.#maxReads = maxReads
  }

  /**
   * Timestamps of the records at `next` of `rows`, in their order: milliseconds since the epoch, null where nothing waits or nothing is
   * known. An offset known from before is not read again. At most `maxReads` are read, the others in the calls after this one:
   * until then they have the timestamp of the record that was the oldest before.
   */
  async timestamps(rows: readonly PartitionLag[]): Promise<(number | null)[]> {
    const waiting = rows.filter(({ lag }) => lag > 0)
    this.#forgetOthers(waiting)
    const order = new Map([...this.#known.keys()].map((id, place) => [id, place]))
    const moved = waiting
      .filter((row) => this.#known.get(rowId(row))?.offset !== row.next)
      .toSorted((a, b) => (order.get(rowId(a)) ?? -1) - (order.get(rowId(b)) ?? -1))
      .slice(0, this.#maxReads)
    await this.#readAll(moved)
    return rows.map((row) => (row.lag > 0 ? (this.#known.get(rowId(row))?.timestamp ?? null) : null))
  }

  /** Several subscriptions at one offset cost one read. */
  async #readAll(rows: readonly PartitionLag[]): Promise<void> {
    const places = [...Map.groupBy(rows, (row) => `${idOf(row)}/${row.next}`).values()]
    const readNext = async (): Promise<void> => {
      for (let same = places.shift(); same; same = places.shift()) {
        const timestamp = await this.#read(same[0]!)
        for (const row of same) {
          this.#known.delete(rowId(row))
          this.#known.set(rowId(row), { offset: row.next, timestamp })
        }
      }
    }
    await Promise.all(Array.from({ length: atOnce }, readNext))
  }

  async #read({ topic, partition, next }: PartitionLag): Promise<number | null> {
    try {
      const batch = await this.#log.read({ topic, partition, offset: next, maxBytes: 1, maxWaitMs: 0 })
      const timestamp = batch.records[0]?.timestamp ?? null
      batch.release?.()
      return timestamp
    } catch {
      // A partition that cannot be read shows in its lag, and to the worker; the others have their age.
      return null
    }
  }

  #forgetOthers(waiting: readonly PartitionLag[]): void {
    const ids = new Set(waiting.map(rowId))
    this.#known = new Map([...this.#known].filter(([id]) => ids.has(id)))
  }
}

function rowId(row: PartitionLag): string {
  return `${idOf(row)}/${row.subscription}`
}

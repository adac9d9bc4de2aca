/**
 * Reading without a group. What is left of a batch that was larger than a read wanted is kept for the next read, for a moment: a broker
 * hands out whole batches, and reading one in small steps would send it again for every step.
 * @module
 */
import type { FetchedBatch, FetchRequest } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { Fetcher, type WaitOptions } from './fetcher.ts'

const keptMs = 1_000
const maxKept = 16

interface Reader {
  readonly fetcher: Fetcher
  readonly topicId: string | undefined
  readonly usedAt: number
}

export class Reads {
  readonly #cluster: Cluster
  readonly #check: () => void
  readonly #kept = new Map<string, Reader>()
  readonly #open = new Set<Fetcher>()

  /** @param check throws when the log is closed */
  constructor(cluster: Cluster, check: () => void) {
    this.#cluster = cluster
    this.#check = check
  }

  async read(want: FetchRequest, options: WaitOptions): Promise<FetchedBatch> {
    const key = `${want.partition}/${want.topic}`
    const fetcher = this.#take(key, want.topic) ?? new Fetcher(this.#cluster, this.#check)
    this.#open.add(fetcher)
    try {
      return await fetcher.read(want, options)
    } finally {
      this.#open.delete(fetcher)
      this.#keep(key, want.topic, fetcher)
    }
  }

  /** The log was closed: every read looks again. */
  wakeAll(): void {
    this.#kept.clear()
    for (const fetcher of this.#open) fetcher.wakeAll()
  }

  /** Nobody else uses it until it is kept again: reads from different offsets would take turns at stopping each other. */
  #take(key: string, topic: string): Fetcher | undefined {
    const kept = this.#kept.get(key)
    this.#kept.delete(key)
    if (kept === undefined || kept.topicId !== this.#cluster.topic(topic)?.id) return undefined
    return this.#cluster.clock.monotonic() - kept.usedAt < keptMs ? kept.fetcher : undefined
  }

  #keep(key: string, topic: string, fetcher: Fetcher): void {
    const { clock } = this.#cluster
    this.#kept.set(key, { fetcher, topicId: this.#cluster.topic(topic)?.id, usedAt: clock.monotonic() })
    if (this.#kept.size > maxKept) this.#kept.delete(this.#kept.keys().next().value!)
  }
}

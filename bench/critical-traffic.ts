/**
 * Urgent events at an even pace, and how long each waits for its handler.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import { payload, type Payload } from './payload.ts'
import { percentile } from './statistics.ts'

/** Between two critical events. */
const everyMs = 2

export class CriticalTraffic {
  readonly #publish: (data: Payload, id: string) => Promise<unknown>
  readonly #publishedAt = new Map<string, number>()
  #latencies: number[] = []

  constructor(publish: (data: Payload, id: string) => Promise<unknown>) {
    this.#publish = publish
  }

  /** Its handler starts. Events that were not published here count for nothing. */
  handled(id: string): void {
    const since = this.#publishedAt.get(id)
    if (since === undefined) return
    this.#publishedAt.delete(id)
    this.#latencies.push(performance.now() - since)
  }

  /** From the call of `publish` to the handler's start, of `count` events after some to warm up. Milliseconds. */
  async latencies(count: number): Promise<readonly number[]> {
    await this.#run(500)
    this.#latencies = []
    await this.#run(count)
    return this.#latencies
  }

  async p99Ms(count: number): Promise<number> {
    return percentile(await this.latencies(count), 0.99)
  }

  /** Publishes at an even pace, whatever the answers do; resolves when all are durable and handled. */
  async #run(count: number): Promise<void> {
    const startedAt = performance.now()
    const answers: Promise<unknown>[] = []
    for (let sent = 0; sent < count;) {
      const due = Math.min(count, Math.floor((performance.now() - startedAt) / everyMs))
      for (; sent < due; sent++) {
        const id = `c-${startedAt}-${sent}`
        this.#publishedAt.set(id, performance.now())
        answers.push(this.#publish(payload(sent % 1000), id))
      }
      await wait(1)
    }
    await Promise.all(answers)
    while (this.#publishedAt.size > 0) await wait(5)
  }
}

/**
 * Counts what a side handles, and judges it: every event once, in order by key, no two of a key at once. So no side wins by doing less.
 * @module
 */
import type { ConsumeFigures } from './task.ts'

export class Handled {
  readonly #wanted: number
  readonly #startedAt = performance.now()
  readonly #lastOffset = new Map<string, number>()
  readonly #running = new Set<string>()
  readonly #done = Promise.withResolvers<ConsumeFigures>()
  #firstAt = 0
  #begun = 0
  #ended = 0
  #atOnce = 0

  /** @param wanted how many; what comes after them is nobody's */
  constructor(wanted: number) {
    this.#wanted = wanted
  }

  /** Resolves when all are handled. @throws when one came twice, out of order, or beside another of its key */
  get figures(): Promise<ConsumeFigures> {
    return this.#done.promise
  }

  /** A handler begins. Offsets of a key rise, since a key has one partition. */
  begin(key: string, offset: number): void {
    if (this.#begun++ === 0) this.#firstAt = performance.now()
    const before = this.#lastOffset.get(key)
    if (before !== undefined && before >= offset) this.#fail(`${key}: ${offset} was handled after ${before}`)
    if (this.#running.has(key)) this.#fail(`${key}: ${offset} was handled beside another of its key`)
    this.#lastOffset.set(key, offset)
    this.#running.add(key)
    if (this.#running.size > this.#atOnce) this.#atOnce = this.#running.size
  }

  end(key: string): void {
    this.#running.delete(key)
    if (++this.#ended === this.#wanted) this.#finish()
  }

  #finish(): void {
    const now = performance.now()
    const perSecond = (since: number): number => this.#wanted / ((now - since) / 1000)
    const [rate, rateSinceStart] = [perSecond(this.#firstAt), perSecond(this.#startedAt)]
    this.#done.resolve({ rate, rateSinceStart, atOnce: this.#atOnce })
  }

  #fail(what: string): void {
    this.#done.reject(new Error(`The side handled wrongly: ${what}.`))
  }
}

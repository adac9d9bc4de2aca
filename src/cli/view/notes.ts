/**
 * The last notable lines. Retries are summed up per subscription, so that an outage is one line and not a thousand.
 * @module
 */
import type { ChannelMessages } from '../../channels.ts'
import { plural, printable } from '../format.ts'
import type { Note } from './snapshot.ts'

const kept = 50
const deadPerSecond = 3

export class Notes {
  readonly #notes: Note[] = []
  readonly #retries = new Map<string, { count: number; message: string }>()
  /** Subscriptions whose breaker is not closed. */
  readonly #open = new Set<string>()
  #added = 0
  #deadSecond = 0
  #deadInSecond = 0
  #deadUntold = 0

  /** How many notes there have been; with {@link since}, for a reader that prints each once. */
  get added(): number {
    return this.#added
  }

  add(kind: Note['kind'], text: string, at: number): void {
    this.#notes.push({ at, kind, text: printable(text) })
    this.#added++
    if (this.#notes.length > kept) this.#notes.shift()
  }

  dead(message: ChannelMessages['veltrix:worker:dead'], at: number): void {
    const second = Math.floor(at / 1000)
    if (second !== this.#deadSecond) [this.#deadSecond, this.#deadInSecond] = [second, 0]
    if (++this.#deadInSecond > deadPerSecond) {
      this.#deadUntold++
      return
    }
    const { subscription, type, key, reason, attempt, error } = message
    this.add(
      'dead',
      `${subscription}: ${type} key ${key} is dead after ${plural(attempt, 'attempt')} (${reason}): ${error.message}`,
      at,
    )
  }

  /** Opening and closing is told; the probes between, which may be many, are not. */
  breaker(message: ChannelMessages['veltrix:worker:breaker'], at: number): void {
    const { subscription, state, failingKeys, seenKeys } = message
    if (state === 'closed') {
      if (this.#open.delete(subscription))
        this.add('breaker', `${subscription}: the outage is over, breaker closed`, at)
    } else if (!this.#open.has(subscription)) {
      this.#open.add(subscription)
      const share = `${failingKeys} of ${seenKeys} recent keys fail`
      this.add('breaker', `${subscription}: breaker opened, ${share}; nothing is given up meanwhile`, at)
    }
  }

  retry(subscription: string, error: Error): void {
    const sum = this.#retries.get(subscription)
    if (sum === undefined) this.#retries.set(subscription, { count: 1, message: error.message })
    else {
      sum.count++
      sum.message = error.message
    }
  }

  /** Tells what was summed up since the last call. */
  flush(at: number): void {
    for (const [subscription, { count, message }] of this.#retries) {
      this.add(
        'retry',
        `${subscription}: ${plural(count, 'attempt')} failed and will be repeated, last: ${message}`,
        at,
      )
    }
    this.#retries.clear()
    if (this.#deadUntold > 0) this.add('dead', `and ${plural(this.#deadUntold, 'more dead letter')}`, at)
    this.#deadUntold = 0
  }

  last(count: number): readonly Note[] {
    return count > 0 ? this.#notes.slice(-count) : []
  }

  /** Notes added after the first `seen` of them. */
  since(seen: number): readonly Note[] {
    return this.last(Math.min(this.#added - seen, kept))
  }
}

/**
 * Counts on its own, from what was published and what the handlers saw: nothing is taken from the platform's own figures.
 * Events that have come to their end are forgotten, so that it can run for days.
 * @module
 */
import { Latencies } from './latencies.ts'

/** One published event on its way. */
interface Entry {
  readonly lane: string
  readonly orderedBy: string
  /** Place in its key's order. */
  readonly sequence: number
  readonly publishedAt: number
  acked: boolean
  /** Subscriptions that have not come to an end with it. */
  readonly open: Set<string>
}

/** What order is kept by, while events of it are on their way. */
interface Key {
  open: number
  /** Per subscription: the last one handled, and how many are being handled now. */
  readonly last: Map<string, number>
  readonly running: Map<string, number>
}

export interface Started {
  readonly id: string
  readonly subscription: string
  readonly attempt: number
}

export class Recorder {
  /** All ids of this run begin with it; others are leftovers of earlier runs. */
  readonly run = `${Date.now().toString(36)}${Math.floor(Math.random() * 36 ** 3)
    .toString(36)
    .padStart(3, '0')}`
  readonly #takers: ReadonlyMap<string, readonly string[]>
  readonly #entries = new Map<string, Entry>()
  readonly #keys = new Map<string, Key>()
  readonly #latencies = new Map<string, Latencies>()
  readonly #kept = new Set<string>()
  #sequence = 0
  published = 0
  failedPublishes = 0
  handled = 0
  outOfOrder = 0
  /** Handled again after it was handled: allowed, an effect must still be done once. */
  repeats = 0
  /** Handled events that an earlier run had left. */
  leftovers = 0

  /** @param takers names of the subscriptions that take events of a type, by type */
  constructor(takers: ReadonlyMap<string, readonly string[]>) {
    this.#takers = takers
  }

  nextId(): string {
    return `${this.run}-${++this.#sequence}`
  }

  isOwn(id: string): boolean {
    return id.startsWith(`${this.run}-`)
  }

  /** Call right before publishing, in the order of the calls. */
  publishing(id: string, type: string, lane: string, key: string): void {
    if (this.#entries.has(id)) return
    const orderedBy = `${type.split('.')[0]}\n${lane}\n${key}`
    const open = new Set(this.#takers.get(type))
    this.#entries.set(id, {
      lane,
      orderedBy,
      sequence: ++this.#sequence,
      publishedAt: performance.now(),
      acked: false,
      open,
    })
    const state = this.#keys.get(orderedBy) ?? { open: 0, last: new Map(), running: new Map() }
    state.open++
    this.#keys.set(orderedBy, state)
  }

  acked(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.acked) return
    entry.acked = true
    this.published++
    this.#forgetWhenDone(id, entry)
  }

  failed(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.acked) return
    this.failedPublishes++
    this.#forget(id, entry)
  }

  /** A handler begins. Returns what to call when it has ended. */
  started({ id, subscription, attempt }: Started): (succeeded: boolean) => void {
    const entry = this.#entries.get(id)
    if (entry === undefined || !entry.open.has(subscription)) return (succeeded) => this.#again(id, succeeded)
    if (attempt === 1) this.#latency(entry.lane).add(performance.now() - entry.publishedAt)
    const key = this.#keys.get(entry.orderedBy)!
    const running = key.running.get(subscription) ?? 0
    // Two events of one key at a time, or one that comes after a later one.
    if (running > 0 || (key.last.get(subscription) ?? 0) > entry.sequence) this.outOfOrder++
    key.running.set(subscription, running + 1)
    return (succeeded) => {
      key.running.set(subscription, key.running.get(subscription)! - 1)
      if (!succeeded) return
      key.last.set(subscription, Math.max(key.last.get(subscription) ?? 0, entry.sequence))
      this.handled++
      this.#ended(id, entry, subscription)
    }
  }

  /** The platform says that it keeps the event as a dead letter, or parked behind one. */
  kept(id: string, subscription: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#kept.add(`${id} ${subscription}`)
    this.#ended(id, entry, subscription)
  }

  /** `<id> <subscription>` of everything it said so of. */
  keptPairs(): string[] {
    return [...this.#kept]
  }

  /** Published events that some subscription has not come to an end with. */
  get open(): number {
    return this.#entries.size
  }

  /** `<id> <subscription>` of acknowledged events that came to no end there. */
  unfinished(): string[] {
    return [...this.#entries]
      .filter(([, entry]) => entry.acked)
      .flatMap(([id, entry]) => [...entry.open].map((subscription) => `${id} ${subscription}`))
  }

  latencies(lane: string): Latencies {
    return this.#latency(lane)
  }

  #again(id: string, succeeded: boolean): void {
    if (!succeeded) return
    if (this.isOwn(id)) this.repeats++
    else this.leftovers++
  }

  #ended(id: string, entry: Entry, subscription: string): void {
    entry.open.delete(subscription)
    this.#forgetWhenDone(id, entry)
  }

  #forgetWhenDone(id: string, entry: Entry): void {
    if (entry.acked && entry.open.size === 0) this.#forget(id, entry)
  }

  #forget(id: string, entry: Entry): void {
    this.#entries.delete(id)
    const key = this.#keys.get(entry.orderedBy)!
    if (--key.open === 0) this.#keys.delete(entry.orderedBy)
  }

  #latency(lane: string): Latencies {
    let latencies = this.#latencies.get(lane)
    if (latencies === undefined) this.#latencies.set(lane, (latencies = new Latencies()))
    return latencies
  }
}

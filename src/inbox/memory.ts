/**
 * An inbox in memory: for tests, and as the shortest description of what an inbox does.
 * @module
 */
import { InboxUnavailable } from './errors.ts'
import { Nesting } from './nesting.ts'
import { doneBefore, storedValue } from './stored-value.ts'
import { pruneEvery, type InboxEntry, type InboxStore, type OnceResult } from './inbox.ts'

/** What an effect works on: named values. What it sets is there for others when the effect has succeeded, and gone when it threw. */
export interface MemoryTx {
  /** A copy; changing it changes nothing. */
  get(name: string): unknown
  /** Stores a copy. */
  set(name: string, value: unknown): void
  delete(name: string): void
}

export interface MemoryInbox extends InboxStore<MemoryTx> {
  /** What effects have set, as of now. A copy. */
  values(): Map<string, unknown>
  /** How many effects are remembered. */
  readonly size: number
}

/** Forgets everything with the process. One effect runs at a time. */
export function memoryInbox(): MemoryInbox {
  return new InMemory()
}

class InMemory implements MemoryInbox {
  readonly #rows = new Map<string, { json: string | undefined; expiresAt: number }>()
  #values = new Map<string, unknown>()
  readonly #nesting = new Nesting()
  #turn: Promise<unknown> = Promise.resolve()
  #calls = 0
  #closed = false

  get size(): number {
    return this.#rows.size
  }

  values(): Map<string, unknown> {
    return structuredClone(this.#values)
  }

  async open(): Promise<void> {}

  async once<T>(entry: InboxEntry, run: (tx: MemoryTx) => T | Promise<T>): Promise<OnceResult<T>> {
    this.#nesting.refuse(entry.effect)
    if (this.#closed) throw new InboxUnavailable('run an effect', 'it is closed')
    const mine = this.#turn.then(() => this.#run(entry, run))
    this.#turn = mine.catch(() => {})
    return mine
  }

  async #run<T>(entry: InboxEntry, run: (tx: MemoryTx) => T | Promise<T>): Promise<OnceResult<T>> {
    const name = JSON.stringify([entry.subscription, entry.source, entry.id, entry.effect])
    const row = this.#rows.get(name)
    if (row) return doneBefore(row.json)
    const staged = new Map(this.#values)
    const value = await this.#nesting.run(run, txOver(staged))
    this.#values = staged
    this.#rows.set(name, { json: storedValue(value), expiresAt: entry.now + entry.windowMs })
    if (++this.#calls % pruneEvery === 0) this.#prune(entry.now)
    return { applied: true, value }
  }

  async prune(now: number): Promise<number> {
    return this.#prune(now)
  }

  #prune(now: number): number {
    const before = this.#rows.size
    for (const [name, row] of this.#rows) if (row.expiresAt <= now) this.#rows.delete(name)
    return before - this.#rows.size
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#turn
  }
}

function txOver(values: Map<string, unknown>): MemoryTx {
  return {
    get: (name) => structuredClone(values.get(name)),
    set: (name, value) => void values.set(name, structuredClone(value)),
    delete: (name) => void values.delete(name),
  }
}

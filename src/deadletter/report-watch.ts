/**
 * Waits for what workers report about letters.
 * @module
 */
import { sleep } from '../clock.ts'
import { isVeltrixError } from '../errors.ts'
import type { Desk, LetterResult } from './desk.ts'
import type { AuditEntry } from './letter.ts'

const retryMs = 1000

export class ReportWatch {
  readonly #desk: Desk
  readonly #pending: Set<string>
  readonly #reports = new Map<string, LetterResult>()
  readonly #counts = new Map<LetterResult['outcome'], number>()
  readonly #stop = new AbortController()
  readonly #finished = Promise.withResolvers<void>()
  #following: Promise<void> | undefined
  #tell = (): void => {}

  constructor(desk: Desk, ids: readonly string[]) {
    this.#desk = desk
    this.#pending = new Set(ids)
    // Seen by `done`, which may not be waiting yet.
    this.#finished.promise.catch(() => {})
    if (this.#pending.size === 0) this.#finished.resolve()
  }

  /** Starts following; to be called before anything is requested. */
  start(tell: () => void): void {
    this.#tell = tell
    this.#following = this.#follow().catch((error: unknown) => this.#finished.reject(error))
  }

  /** @throws the signal's reason, the log's errors that do not pass */
  async done(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => aborted.reject(signal!.reason)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      await Promise.race([this.#finished.promise, aborted.promise])
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#following
  }

  reported(id: string): LetterResult | undefined {
    return this.#reports.get(id)
  }

  count(outcome: LetterResult['outcome']): number {
    return this.#counts.get(outcome) ?? 0
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await this.#desk.index.follow({ signal, changed: ({ entry }) => this.#take(entry) })
      } catch (error) {
        if (!isVeltrixError(error) || !error.retryable) throw error
        await sleep(this.#desk.clock, retryMs, signal).catch(() => {})
      }
    }
  }

  #take(entry: AuditEntry): void {
    const outcome = outcomeOf(entry)
    if (outcome === undefined) return
    const ids = entry.letters.filter((id) => this.#pending.delete(id))
    if (ids.length === 0) return
    for (const id of ids) this.#reports.set(id, { id, outcome, ...(entry.error && { story: entry.error }) })
    this.#counts.set(outcome, this.count(outcome) + ids.length)
    this.#tell()
    if (this.#pending.size === 0) this.#finished.resolve()
  }
}

function outcomeOf(entry: AuditEntry): 'redriven' | 'failed' | 'discarded' | undefined {
  if (entry.action === 'redriven' || entry.action === 'released') return 'redriven'
  // Without an attempt it is the mark of a worker that begins to run it after another died with it: how it ends is still to come.
  if (entry.action === 'redrive-failed') return entry.attempts === 0 ? undefined : 'failed'
  return entry.action === 'discarded' ? 'discarded' : undefined
}

/**
 * Redrives begun here: how far each is, and their end.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { LetterSelection } from '../../deadletter/index.ts'
import type { Redrive } from '../api/index.ts'
import { DashboardRefused } from '../errors.ts'
import type { Letters } from './letters.ts'

/** Running at once, and remembered in all. */
const maxRunning = 8
const maxKept = 100

export interface RedriveWanted {
  readonly subscription: string
  readonly selection: LetterSelection
  readonly rate: number
  readonly reason: string | undefined
  readonly by: string
}

type State = { -readonly [Field in keyof Redrive]: Redrive[Field] }

interface Job {
  readonly state: State
  readonly stop: AbortController
}

export class Redrives {
  readonly #letters: Letters
  readonly #clock: Clock
  readonly #ended: (redrive: Redrive) => void
  /** Oldest first. */
  readonly #jobs = new Map<string, Job>()
  readonly #running = new Set<Promise<unknown>>()

  /** @param ended hears of each that has ended */
  constructor(letters: Letters, clock: Clock, ended: (redrive: Redrive) => void) {
    this.#letters = letters
    this.#clock = clock
    this.#ended = ended
  }

  /** Newest first. */
  get all(): readonly Redrive[] {
    return [...this.#jobs.values()].map(({ state }) => ({ ...state })).toReversed()
  }

  /** Resolves when the first letters are requested, or there is nothing to do. @throws DashboardRefused, DeadLetterRequestInvalid, the log's errors */
  async begin({ subscription, selection, rate, reason, by }: RedriveWanted): Promise<Redrive> {
    if (this.#running.size >= maxRunning) {
      throw new DashboardRefused('overloaded', `${maxRunning} redrives are running: stop one, or wait.`)
    }
    const state: State = {
      id: randomUUID(),
      subscription,
      state: 'running',
      startedAt: this.#clock.now(),
      endedAt: null,
      by,
      rate,
      total: 0,
      toRequest: 0,
      requested: 0,
      redriven: 0,
      failedAgain: 0,
      error: null,
    }
    const stop = new AbortController()
    const { promise: begun, resolve } = Promise.withResolvers<void>()
    const run = this.#letters.desk.as(by).redrive(subscription, selection, {
      rate,
      ...(reason === undefined ? {} : { reason }),
      wait: true,
      signal: stop.signal,
      progress: ({ total, toRequest, requested, redriven, failed }) => {
        Object.assign(state, { total, toRequest, requested, redriven, failedAgain: failed })
        resolve()
      },
    })
    const ended = run.then(
      () => this.#end(state, 'done'),
      (error: unknown) => this.#end(state, stop.signal.aborted ? 'stopped' : 'failed', error),
    )
    this.#running.add(ended)
    void ended.finally(() => this.#running.delete(ended))
    this.#keep({ state, stop })
    try {
      await Promise.race([begun, run])
    } catch (error) {
      // What is wrong with the request is told to who asked; what goes wrong later is its state.
      this.#jobs.delete(state.id)
      throw error
    }
    return { ...state }
  }

  /** What was requested stays requested. @throws DashboardRefused */
  async stop(id: string): Promise<Redrive> {
    const job = this.#jobs.get(id)
    if (job === undefined) throw new DashboardRefused('not-found', 'This server knows no such redrive.')
    job.stop.abort()
    return { ...job.state, state: job.state.state === 'running' ? 'stopped' : job.state.state }
  }

  async close(): Promise<void> {
    for (const { stop } of this.#jobs.values()) stop.abort()
    await Promise.all(this.#running)
  }

  #keep(job: Job): void {
    this.#jobs.set(job.state.id, job)
    for (const [id, { state }] of this.#jobs) {
      if (this.#jobs.size <= maxKept) return
      if (state.state !== 'running') this.#jobs.delete(id)
    }
  }

  #end(state: State, how: Redrive['state'], error?: unknown): void {
    state.state = how
    state.endedAt = this.#clock.now()
    if (how === 'failed') state.error = error instanceof Error ? error.message : String(error)
    if (state.requested > 0) this.#ended({ ...state })
  }
}

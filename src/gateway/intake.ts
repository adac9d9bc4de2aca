/**
 * From events that were read to answers: limits, room, one at a time by identity, published, told what became of each.
 * @module
 */
import type { CompiledConfig, PublishOptions, PublishOutcome, PublishResult } from '../config/index.ts'
import type { Admission } from './admission.ts'
import type { ReceivedEvent } from './cloud-events.ts'
import { RequestRefused } from './errors.ts'
import { fateOf, type Fate, type LogBreaker } from './log-breaker.ts'
import type { Urgency } from './memory.ts'
import { problemOf, problemOfError, type Problem } from './problems.ts'
import type { RateLimiter } from './rate-limits.ts'

/** What a gateway publishes with: an `App` is one. */
export interface Publishing {
  readonly config: CompiledConfig
  publish(type: never, data: never, options?: PublishOptions): Promise<PublishResult>
  publishMany(items: readonly never[]): Promise<readonly PublishOutcome[]>
}

/** An event that is stored, as its publisher is told. */
export interface Accepted {
  readonly id: string
  readonly source: string
  readonly type: string
}

export type Result = { readonly accepted: Accepted; readonly replayed: boolean } | { readonly problem: Problem }

/** What an event has to pass. */
export interface Gates {
  readonly rates: RateLimiter
  readonly breaker: LogBreaker
  readonly admission: Admission
}

export class Intake {
  readonly #app: Publishing
  readonly #gates: Gates
  readonly #mostUrgent: string
  readonly #onFailure: (error: unknown) => void
  /** Identities that are being stored. */
  readonly #inFlight = new Set<string>()

  /** @param onFailure hears of failures that are nobody's event's */
  constructor(app: Publishing, gates: Gates, onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
    this.#app = app
    this.#gates = gates
    this.#mostUrgent = app.config.lanes[0]!.name
  }

  /** @param publisher whose events are counted together by `rateLimits` */
  async one(event: ReceivedEvent, publisher: string): Promise<Result> {
    const refused = this.#refusal(event, publisher)
    if (refused !== undefined) return { problem: refused }
    const { type, data, ...options } = event
    const pass = this.#enter(1, this.#isMostUrgent(type))
    if ('problem' in pass) return pass
    const identity = identityOf(event)
    this.#inFlight.add(identity)
    let fate: Fate = 'answered'
    try {
      const stored = await this.#app.publish(type as never, data as never, options)
      return accepted(event, stored)
    } catch (error) {
      fate = fateOf(error)
      return this.#failed(error)
    } finally {
      this.#inFlight.delete(identity)
      pass.leave(fate)
    }
  }

  /** A result for each, at its own index. */
  async many(events: readonly (ReceivedEvent | RequestRefused)[], publisher: string): Promise<readonly Result[]> {
    const results: Result[] = Array.from({ length: events.length })
    const toStore: { readonly event: ReceivedEvent; readonly index: number; readonly identity: string }[] = []
    for (const [index, event] of events.entries()) {
      const refused = event instanceof RequestRefused ? problemOfError(event) : this.#refusal(event, publisher)
      if (refused !== undefined) results[index] = { problem: refused }
      else {
        const received = event as ReceivedEvent
        const identity = identityOf(received)
        this.#inFlight.add(identity)
        toStore.push({ event: received, index, identity })
      }
    }
    try {
      await this.#store(toStore, results)
    } finally {
      for (const { identity } of toStore) this.#inFlight.delete(identity)
    }
    return results
  }

  async #store(toStore: readonly { readonly event: ReceivedEvent; readonly index: number }[], results: Result[]) {
    if (toStore.length === 0) return
    const pass = this.#enter(
      toStore.length,
      toStore.every(({ event }) => this.#isMostUrgent(event.type)),
    )
    const all = (result: Result): void => {
      for (const { index } of toStore) results[index] = result
    }
    if ('problem' in pass) return all(pass)
    let fate: Fate = 'not-asked'
    try {
      const outcomes = await this.#app.publishMany(toStore.map(({ event }) => event as never))
      for (const [nth, { event, index }] of toStore.entries()) {
        const outcome = outcomes[nth]!
        results[index] = outcome.ok ? accepted(event, outcome) : this.#failed(outcome.error)
        fate = better(fate, outcome.ok ? 'answered' : fateOf(outcome.error))
      }
    } catch (error) {
      fate = fateOf(error)
      all(this.#failed(error))
    } finally {
      pass.leave(fate)
    }
  }

  /** Where events of this type go; undefined for one that there is not. */
  laneOf(type: string): string | undefined {
    return this.#app.config.events.get(type)?.lane
  }

  /** Of events whose types these are. */
  urgencyOf(types: readonly string[]): Urgency {
    if (types.some((type) => !this.#app.config.events.has(type))) return 'unread'
    return types.every((type) => this.#isMostUrgent(type)) ? 'most-urgent' : 'other'
  }

  /** Why this event in particular is not to be stored now. */
  #refusal(event: ReceivedEvent, publisher: string): Problem | undefined {
    if (this.#inFlight.has(identityOf(event))) return inFlight(event)
    const lane = this.#app.config.events.get(event.type)?.lane
    const waitMs = this.#gates.rates.take(publisher, lane)
    return waitMs === 0 ? undefined : rateLimited(lane!, waitMs)
  }

  /** Room for events on their way to the log, if it answers. */
  #enter(events: number, isMostUrgent: boolean): { leave: (fate: Fate) => void } | { problem: Problem } {
    const { breaker, admission } = this.#gates
    const said = breaker.enter()
    if (said === undefined) return { problem: logGone(breaker.retryAfterMs) }
    if (!admission.enter(events, isMostUrgent)) {
      said('not-asked')
      return { problem: noRoom }
    }
    const leave = (fate: Fate): void => {
      said(fate)
      admission.leave(events)
    }
    return { leave }
  }

  #failed(error: unknown): Result {
    const problem = problemOfError(error)
    if (problem.status === 500) this.#onFailure(error)
    return { problem }
  }

  #isMostUrgent(type: string): boolean {
    return this.#app.config.events.get(type)?.lane === this.#mostUrgent
  }
}

/** No attribute has a NUL. */
function identityOf({ source, id }: ReceivedEvent): string {
  return `${source}\0${id}`
}

function accepted({ id, source, type }: ReceivedEvent, { duplicate }: PublishResult): Result {
  return { accepted: { id, source, type }, replayed: duplicate }
}

/** What says more of the log. */
function better(one: Fate, other: Fate): Fate {
  if (one === 'answered' || other === 'answered') return 'answered'
  return one === 'unreachable' ? one : other
}

function rateLimited(lane: string, waitMs: number): Problem {
  return problemOf(
    'rate-limited',
    `More events of the lane ${JSON.stringify(lane)} were sent than this publisher may: send it again later.`,
    { retryAfterSeconds: wholeSeconds(waitMs) },
  )
}

function logGone(waitMs: number): Problem {
  return problemOf('unavailable', 'The log does not answer just now, and was not asked: send it again later.', {
    retryAfterSeconds: wholeSeconds(waitMs),
  })
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000))
}

const noRoom = problemOf('overloaded', 'Too many events are being stored just now: send it again later.')

function inFlight({ id, source }: ReceivedEvent): Problem {
  return problemOf(
    'id-in-flight',
    `The event ${JSON.stringify(id)} of ${JSON.stringify(source)} is being stored by another request: ask again later with the same id.`,
  )
}

/**
 * From events that were read to answers: room, one at a time by identity, published, told what became of each.
 * @module
 */
import type { CompiledConfig, PublishOptions, PublishOutcome, PublishResult } from '../config/index.ts'
import type { Admission } from './admission.ts'
import type { ReceivedEvent } from './cloud-events.ts'
import { RequestRefused } from './errors.ts'
import { problemOf, problemOfError, type Problem } from './problems.ts'

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

export class Intake {
  readonly #app: Publishing
  readonly #admission: Admission
  readonly #mostUrgent: string
  readonly #onFailure: (error: unknown) => void
  /** Identities that are being stored. */
  readonly #inFlight = new Set<string>()

  /** @param onFailure hears of failures that are nobody's event's */
  constructor(app: Publishing, admission: Admission, onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
    this.#app = app
    this.#admission = admission
    this.#mostUrgent = app.config.lanes[0]!.name
  }

  async one(event: ReceivedEvent): Promise<Result> {
    const identity = identityOf(event)
    if (this.#inFlight.has(identity)) return { problem: inFlight(event) }
    const { type, data, ...options } = event
    if (!this.#admission.enter(1, this.#isMostUrgent(type))) return { problem: noRoom }
    this.#inFlight.add(identity)
    try {
      const stored = await this.#app.publish(type as never, data as never, options)
      return accepted(event, stored)
    } catch (error) {
      return this.#failed(error)
    } finally {
      this.#inFlight.delete(identity)
      this.#admission.leave(1)
    }
  }

  /** A result for each, at its own index. */
  async many(events: readonly (ReceivedEvent | RequestRefused)[]): Promise<readonly Result[]> {
    const results: Result[] = Array.from({ length: events.length })
    const toStore: { readonly event: ReceivedEvent; readonly index: number; readonly identity: string }[] = []
    for (const [index, event] of events.entries()) {
      const identity = event instanceof RequestRefused ? '' : identityOf(event)
      if (event instanceof RequestRefused) results[index] = { problem: problemOfError(event) }
      else if (this.#inFlight.has(identity)) results[index] = { problem: inFlight(event) }
      else {
        this.#inFlight.add(identity)
        toStore.push({ event, index, identity })
      }
    }
    const isMostUrgent = toStore.every(({ event }) => this.#isMostUrgent(event.type))
    const hasRoom = toStore.length > 0 && this.#admission.enter(toStore.length, isMostUrgent)
    try {
      const outcomes = hasRoom ? await this.#app.publishMany(toStore.map(({ event }) => event as never)) : undefined
      for (const [nth, { event, index }] of toStore.entries()) {
        const outcome = outcomes?.[nth]
        if (outcome === undefined) results[index] = { problem: noRoom }
        else results[index] = outcome.ok ? accepted(event, outcome) : this.#failed(outcome.error)
      }
    } catch (error) {
      const failed = this.#failed(error)
      for (const { index } of toStore) results[index] = failed
    } finally {
      for (const { identity } of toStore) this.#inFlight.delete(identity)
      if (hasRoom) this.#admission.leave(toStore.length)
    }
    return results
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

const noRoom = problemOf('overloaded', 'Too many events are being stored just now: send it again later.')

function inFlight({ id, source }: ReceivedEvent): Problem {
  return problemOf(
    'id-in-flight',
    `The event ${JSON.stringify(id)} of ${JSON.stringify(source)} is being stored by another request: ask again later with the same id.`,
  )
}

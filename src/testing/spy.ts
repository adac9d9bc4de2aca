/**
 * Remembers what became of events, and lets a test wait for it.
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { VeltrixEvent } from '../event/index.ts'
import type { WorkerObserver } from '../worker/index.ts'
import { systemClock } from '../clock.ts'
import { NotSeen } from './errors.ts'

/** What became of one event in one subscription. */
export interface Outcome<Type extends string = string, Data = any> {
  readonly what: 'handled' | 'dead'
  readonly subscription: string
  /** Missing for a record that is no event. */
  readonly event: VeltrixEvent<Type, Data>
  /** Number of the attempt that succeeded; 0 for a dead letter. */
  readonly attempt: number
  /** Why it is dead. */
  readonly reason?: string
  readonly error?: unknown
}

/** Which outcome is meant: fields of the payload that must be equal, or a test of one's own. */
export type Match<Data = any> = Partial<Data> | ((event: VeltrixEvent<string, Data>) => boolean)

export interface WaitOptions {
  readonly subscription?: string
  /** Milliseconds of real time. Default 5,000. */
  readonly timeoutMs?: number
}

interface Waiting {
  readonly accepts: (outcome: Outcome) => boolean
  readonly resolve: (outcome: Outcome) => void
}

export class Spy implements WorkerObserver {
  readonly outcomes: Outcome[] = []
  readonly #waiting = new Set<Waiting>()

  handled(subscription: string, event: VeltrixEvent, attempt: number): void {
    this.#take({ what: 'handled', subscription, event, attempt })
  }

  dead(subscription: string, event: VeltrixEvent | undefined, reason: string, error: unknown): void {
    this.#take({ what: 'dead', subscription, event: event ?? nothing, attempt: 0, reason, error })
  }

  /** The first outcome that fits, past or to come. @throws NotSeen */
  wait(what: Outcome['what'], type: string, match: Match | undefined, options: WaitOptions = {}): Promise<Outcome> {
    const accepts = (outcome: Outcome): boolean =>
      outcome.what === what &&
      outcome.event.type === type &&
      (options.subscription === undefined || options.subscription === outcome.subscription) &&
      fits(outcome.event, match)
    const seen = this.outcomes.find(accepts)
    if (seen) return Promise.resolve(seen)
    return new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? 5_000
      const timer = systemClock.setTimer(timeoutMs, () => {
        this.#waiting.delete(waiting)
        reject(new NotSeen(`No "${type}" was ${what} within ${timeoutMs} ms that fits. ${this.#summary()}`))
      })
      const waiting: Waiting = {
        accepts,
        resolve: (outcome) => {
          timer.cancel()
          resolve(outcome)
        },
      }
      this.#waiting.add(waiting)
    })
  }

  #take(outcome: Outcome): void {
    this.outcomes.push(outcome)
    for (const waiting of this.#waiting) {
      if (!waiting.accepts(outcome)) continue
      this.#waiting.delete(waiting)
      waiting.resolve(outcome)
    }
  }

  #summary(): string {
    if (this.outcomes.length === 0)
      return 'Nothing was handled at all: was the application started, with a handler for it?'
    const last = this.outcomes.slice(-5).map(({ what, subscription, event }) => {
      return `${what} by ${subscription}: ${event.type} ${JSON.stringify(event.data)?.slice(0, 120)}`
    })
    return `Seen last, of ${this.outcomes.length}: ${last.join('; ')}.`
  }
}

const nothing: VeltrixEvent = { id: '', source: '', type: '', time: '', key: '', data: undefined, extensions: {} }

function fits(event: VeltrixEvent, match: Match | undefined): boolean {
  if (match === undefined) return true
  if (typeof match === 'function') return match(event)
  const data = event.data as Record<string, unknown> | null | undefined
  return Object.entries(match).every(([field, value]) => isDeepStrictEqual(data?.[field], carried(value)))
}

/** As the log would carry it (a Date has become text): what is published can be looked for as it is. The order of fields says nothing. */
function carried(value: unknown): unknown {
  const json = JSON.stringify(value) as string | undefined
  return json === undefined ? undefined : JSON.parse(json)
}

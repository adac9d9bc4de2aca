/**
 * Whether the log answers. While it does not, new events are refused at once instead of piling up for as long as the publisher tries; one
 * at a time is let through to see, and the first answer ends it.
 * @module
 */
import type { Clock } from '../clock.ts'

/** What became of a publish: the log answered, it could not be reached, or it was not asked (the event was refused before). */
export type Fate = 'answered' | 'unreachable' | 'not-asked'

export interface BreakerOptions {
  readonly clock: Clock
  /** With something on its way and no answer for so long, the log counts as gone. Milliseconds. */
  readonly stallMs: number
  /** From one probe to the next. Milliseconds. Default 1,000. */
  readonly probeIntervalMs?: number
}

export class LogBreaker {
  readonly #clock: Clock
  readonly #stallMs: number
  readonly #probeIntervalMs: number
  #inFlight = 0
  #answers = 0
  /** Since when something is on its way without any answer. */
  #silentSinceMs = 0
  /** When a publish failed that nothing answered after. */
  #failedMs: number | undefined
  #probing = false
  #probedMs = -Infinity

  constructor({ clock, stallMs, probeIntervalMs = 1_000 }: BreakerOptions) {
    this.#clock = clock
    this.#stallMs = stallMs
    this.#probeIntervalMs = probeIntervalMs
  }

  get isOpen(): boolean {
    return this.#openedMs() !== undefined
  }

  /** Milliseconds until a probe may be let through. */
  get retryAfterMs(): number {
    const openedMs = this.#openedMs()
    if (openedMs === undefined) return 0
    if (this.#probing) return this.#probeIntervalMs
    return Math.max(0, Math.max(openedMs, this.#probedMs) + this.#probeIntervalMs - this.#clock.monotonic())
  }

  /** Lets a publish through, which then says what became of it, once; `undefined` refuses it. */
  enter(): ((fate: Fate) => void) | undefined {
    const isProbe = this.isOpen
    if (isProbe && this.retryAfterMs > 0) return undefined
    const probedBeforeMs = this.#probedMs
    if (isProbe) {
      this.#probing = true
      this.#probedMs = this.#clock.monotonic()
    }
    if (this.#inFlight++ === 0) this.#silentSinceMs = this.#clock.monotonic()
    const answersBefore = this.#answers
    return (fate) => {
      this.#inFlight--
      if (isProbe) this.#probing = false
      if (fate === 'answered') this.#answered()
      // Others were answered since: it was not the log that failed, but a part of it.
      else if (fate === 'unreachable' && this.#answers === answersBefore) this.#failedMs = this.#clock.monotonic()
      else if (isProbe && fate === 'not-asked') this.#probedMs = probedBeforeMs
    }
  }

  #answered(): void {
    this.#answers++
    this.#silentSinceMs = this.#clock.monotonic()
    this.#failedMs = undefined
  }

  #openedMs(): number | undefined {
    if (this.#failedMs !== undefined) return this.#failedMs
    const stalledMs = this.#silentSinceMs + this.#stallMs
    return this.#inFlight > 0 && this.#clock.monotonic() >= stalledMs ? stalledMs : undefined
  }
}

const unreachable: ReadonlySet<unknown> = new Set(['VLX_LOG_UNAVAILABLE', 'VLX_LOG_FULL', 'VLX_PUBLISH_UNKNOWN'])

/** What an error of a publish says of the log. */
export function fateOf(error: unknown): Fate {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  if (code === 'VLX_ID_CONFLICT') return 'answered'
  return unreachable.has(code) ? 'unreachable' : 'not-asked'
}

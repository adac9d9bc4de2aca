/**
 * Ends a member's session in time, whatever else of it waits for a broker: a member that was not heard of for a session holds nothing any
 * more, whatever it believes.
 * @module
 */
import type { Clock, Timer } from '../../../clock.ts'
import type { SessionEnd } from '../session-end.ts'

export class SessionWatch {
  readonly #clock: Clock
  readonly #expired: () => void
  readonly #end: SessionEnd | undefined
  #heardAt = -Infinity
  #timeoutMs = Infinity
  #timer: Timer | undefined

  /** @param end where the main thread reads it */
  constructor(clock: Clock, expired: () => void, end?: SessionEnd) {
    this.#clock = clock
    this.#expired = expired
    this.#end = end
  }

  /**
   * The group has heard of this member.
   * @param at when what it heard was sent: it counts from when it came, which is later
   */
  heard(at: number, timeoutMs: number): void {
    this.#heardAt = Math.max(this.#heardAt, at)
    this.#timeoutMs = timeoutMs
    this.#end?.set(this.#heardAt + timeoutMs - this.#clock.monotonic())
    if (this.#timer === undefined) this.#arm()
  }

  /** No session: there is none before the next `heard`. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#heardAt = -Infinity
    this.#end?.clear()
  }

  #arm(): void {
    const leftMs = this.#heardAt + this.#timeoutMs - this.#clock.monotonic()
    this.#timer = this.#clock.setTimer(Math.max(1, Math.ceil(leftMs)), () => {
      this.#timer = undefined
      if (this.#clock.monotonic() - this.#heardAt < this.#timeoutMs) return this.#arm()
      this.stop()
      this.#expired()
    })
  }
}

/** How long a heartbeat may wait for its answer: some can fail, and the coordinator be looked for anew, before the session ends. */
export function heartbeatTimeoutMs(sessionTimeoutMs: number): number {
  return Math.min(Math.max(1_000, sessionTimeoutMs / 5), sessionTimeoutMs / 2)
}

/**
 * Tells an outage (most keys fail) from a poison event (one key fails). Pure: time comes in as an argument.
 *
 * closed: attempts count. open: nothing starts until the next probe. half-open: a few probes may start; each success doubles
 * how many, a failure opens it again for longer. Failures while it is not closed are the outage's, not the event's:
 * the caller does not count them as attempts.
 * @module
 */
import type { CompiledBreaker } from '../config/index.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

export class CircuitBreaker {
  private readonly options: CompiledBreaker
  private readonly random: () => number
  /** Last outcome of each of the last `windowKeys` keys, oldest first. */
  private readonly outcomes = new Map<string, boolean>()
  private failing = 0
  private current: BreakerState = 'closed'
  private probeAt = 0
  private probeDelayMs: number
  /** Probes that may run at once, while half-open. */
  private budget = 1
  private probing = 0

  constructor(options: CompiledBreaker, random: () => number) {
    this.options = options
    this.random = random
    this.probeDelayMs = options.probeMinMs
  }

  get state(): BreakerState {
    return this.current
  }

  get keys(): { readonly seen: number; readonly failing: number } {
    return { seen: this.outcomes.size, failing: this.failing }
  }

  /** How long until something may start: 0 now; Infinity: when a running probe ends. */
  waitMs(now: number): number {
    if (this.current === 'closed') return 0
    if (this.current === 'open') return Math.max(0, this.probeAt - now)
    return this.probing < this.budget ? 0 : Infinity
  }

  /** An attempt starts now. */
  started(now: number): void {
    if (this.current === 'open' && now >= this.probeAt) {
      this.current = 'half-open'
      this.budget = 1
      this.probing = 0
    }
    if (this.current === 'half-open') this.probing++
  }

  /** An attempt was cut short and says nothing. */
  interrupted(): void {
    if (this.probing > 0) this.probing--
  }

  /** An attempt of `key` ended. `counts`: a failure is the event's own; `closedNow`: this ended an outage. */
  ended(key: string, ok: boolean, now: number): { readonly counts: boolean; readonly closedNow: boolean } {
    const before = this.current
    this.note(key, ok)
    if (this.probing > 0) this.probing--
    if (ok) this.succeeded()
    else this.failed(now)
    return { counts: ok || this.current === 'closed', closedNow: before !== 'closed' && this.current === 'closed' }
  }

  /** Time until the next probe, at least the shortest interval. */
  probeInMs(now: number): number {
    return Math.max(this.options.probeMinMs, this.probeAt - now)
  }

  private succeeded(): void {
    if (this.current !== 'half-open') return
    this.budget *= 2
    if (!this.isOutage() || this.budget >= this.options.windowKeys) this.close()
  }

  private failed(now: number): void {
    if (this.current === 'open') return
    if (!this.isOutage()) {
      // A poison event among the probes; most keys are well.
      if (this.current === 'half-open') this.close()
      return
    }
    if (this.current === 'half-open') this.probeDelayMs = Math.min(this.options.probeMaxMs, this.probeDelayMs * 2)
    this.current = 'open'
    // Half to full delay: workers of one group must not probe a recovering dependency in step.
    this.probeAt = now + this.probeDelayMs * (0.5 + this.random() / 2)
  }

  private close(): void {
    this.current = 'closed'
    this.probeDelayMs = this.options.probeMinMs
    this.probing = 0
    // What failed in the outage says nothing about now.
    this.outcomes.clear()
    this.failing = 0
  }

  private note(key: string, ok: boolean): void {
    const before = this.outcomes.get(key)
    if (before === false) this.failing--
    if (before !== undefined) this.outcomes.delete(key)
    this.outcomes.set(key, ok)
    if (!ok) this.failing++
    if (this.outcomes.size <= this.options.windowKeys) return
    const [oldest, outcome] = this.outcomes.entries().next().value!
    this.outcomes.delete(oldest)
    if (!outcome) this.failing--
  }

  private isOutage(): boolean {
    return this.outcomes.size >= this.options.minKeys && this.failing >= this.outcomes.size * this.options.failingShare
  }
}

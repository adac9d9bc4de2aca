/**
 * The payment provider next door: takes 5 to 15 ms, can be out of order, and captures a payment once per idempotency key.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'

export class PaymentProvider {
  /** What was captured, and how often capturing was really carried out. By idempotency key. */
  readonly #captures = new Map<string, number>()
  #outUntil = 0
  /** Keys seen again after they were captured: refused, as real providers do. */
  repeats = 0

  /** Fails every call from now on for `ms`. */
  breakFor(ms: number): void {
    this.#outUntil = performance.now() + ms
  }

  get out(): boolean {
    return performance.now() < this.#outUntil
  }

  /** @throws Error while the provider is out of order */
  async capture(idempotencyKey: string, signal: AbortSignal): Promise<void> {
    await wait(5 + Math.random() * 10, undefined, { signal })
    if (this.out) throw new Error('payment provider: 503 Service Unavailable')
    if (this.#captures.has(idempotencyKey)) {
      this.repeats++
      return
    }
    this.#captures.set(idempotencyKey, (this.#captures.get(idempotencyKey) ?? 0) + 1)
    // A key is remembered as long as a repeat can come; this one has no need to remember more.
    if (this.#captures.size > 100_000) this.#captures.delete(this.#captures.keys().next().value!)
  }

  /** Payments captured more than once. */
  get capturedTwice(): number {
    return [...this.#captures.values()].filter((times) => times > 1).length
  }
}

/**
 * When a member's session ends: written by its thread, read by the main thread without asking. After the process stood still, messages
 * of the thread are late; this is not.
 * @module
 */
import { processMonotonic } from '../../clock.ts'

export class SessionEnd {
  /** Microseconds of `processMonotonic()`; 0: there is no session. */
  readonly memory: SharedArrayBuffer
  readonly #end: BigInt64Array

  /** @param memory of the same in another thread */
  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory
    this.#end = new BigInt64Array(memory)
  }

  set(leftMs: number): void {
    Atomics.store(this.#end, 0, BigInt(Math.floor((processMonotonic() + leftMs) * 1_000)))
  }

  clear(): void {
    Atomics.store(this.#end, 0, 0n)
  }

  /** Milliseconds; 0 or less: it is over, whatever was told. */
  get leftMs(): number {
    const end = Number(Atomics.load(this.#end, 0))
    return end === 0 ? 0 : end / 1_000 - processMonotonic()
  }
}

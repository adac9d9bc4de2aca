/**
 * Knows whether the code that calls is itself an effect.
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { InboxNested } from './errors.ts'

export class Nesting {
  readonly #inside = new AsyncLocalStorage<true>()

  /** @throws InboxNested */
  refuse(effect: string): void {
    if (this.#inside.getStore()) throw new InboxNested(effect)
  }

  /** Runs an effect, marked. */
  run<Tx, T>(effect: (tx: Tx) => T, tx: Tx): T {
    return this.#inside.run(true, effect, tx)
  }
}

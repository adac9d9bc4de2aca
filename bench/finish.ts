/**
 * Counting handled events up to a number.
 * @module
 */

/** Resolves when it was told as often as was asked for. */
export class Countdown {
  #left: number
  readonly #reached = Promise.withResolvers<void>()

  constructor(count: number) {
    this.#left = count
  }

  get reached(): Promise<void> {
    return this.#reached.promise
  }

  tell(): void {
    if (--this.#left === 0) this.#reached.resolve()
  }
}

/** Publishing in a benchmark never fails, or the benchmark does. @throws the first error of a `publishMany` */
export function allStored(outcomes: readonly ({ ok: true } | { ok: false; error: Error })[]): void {
  const failed = outcomes.find((outcome) => !outcome.ok)
  if (failed && !failed.ok) throw failed.error
}

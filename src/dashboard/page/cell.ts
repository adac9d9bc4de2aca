/**
 * A value that can be watched: what several parts of the page look at.
 * @module
 */
import { useEffect, useState } from 'preact/hooks'

export class Cell<T> {
  #value: T
  readonly #watchers = new Set<() => void>()

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  set value(next: T) {
    if (Object.is(next, this.#value)) return
    this.#value = next
    for (const watcher of this.#watchers) watcher()
  }

  /** Returns how to stop watching. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}

/** The cell's value; the component is drawn again when it changes. */
export function useCell<T>(cell: Cell<T>): T {
  const [seen, see] = useState(() => cell.value)
  useEffect(() => {
    see(() => cell.value)
    return cell.watch(() => see(() => cell.value))
  }, [cell])
  // Another cell than the one drawn before.
  return Object.is(seen, cell.value) ? seen : cell.value
}

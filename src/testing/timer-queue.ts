/**
 * Timers by due time: a binary heap whose equal due times keep the order of setting.
 * @module
 */
import type { Timer } from '../clock.ts'

export interface PendingTimer extends Timer {
  readonly dueMs: number
  readonly sequence: number
  readonly fire: () => void
}

interface Entry extends PendingTimer {
  gone: boolean
}

export class TimerQueue {
  #heap: Entry[] = []
  #live = 0
  #sequence = 0

  /** Timers neither taken nor cancelled. */
  get size(): number {
    return this.#live
  }

  add(dueMs: number, fire: () => void): PendingTimer {
    const cancel = (): void => this.#forget(entry)
    const entry: Entry = { dueMs, sequence: this.#sequence++, fire, gone: false, cancel }
    this.#heap.push(entry)
    this.#live++
    this.#rise(this.#heap.length - 1)
    return entry
  }

  /** The next timer, left in the queue. */
  peek(): PendingTimer | undefined {
    while (this.#heap[0]?.gone) this.#removeFirst()
    return this.#heap[0]
  }

  /** Takes out the timer that `peek` gave. */
  take(timer: PendingTimer): void {
    this.#forget(timer as Entry)
  }

  #forget(entry: Entry): void {
    if (entry.gone) return
    entry.gone = true
    this.#live--
    // Most timers are time-outs that are cancelled: they must not pile up until their due time.
    if (this.#heap.length > 64 && this.#live < this.#heap.length / 2) {
      this.#heap = this.#heap.filter((other) => !other.gone).sort((a, b) => (before(a, b) ? -1 : 1))
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(start: number): void {
    for (let at = start; at > 0;) {
      const parent = (at - 1) >> 1
      if (!before(this.#heap[at]!, this.#heap[parent]!)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(start: number): void {
    for (let at = start; ;) {
      const left = 2 * at + 1
      const right = left + 1
      let first = at
      if (left < this.#heap.length && before(this.#heap[left]!, this.#heap[first]!)) first = left
      if (right < this.#heap.length && before(this.#heap[right]!, this.#heap[first]!)) first = right
      if (first === at) return
      this.#swap(at, first)
      at = first
    }
  }

  #swap(a: number, b: number): void {
    const entry = this.#heap[a]!
    this.#heap[a] = this.#heap[b]!
    this.#heap[b] = entry
  }
}

function before(a: PendingTimer, b: PendingTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence)
}

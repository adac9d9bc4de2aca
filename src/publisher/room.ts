/**
 * The bound on what a publisher holds: events and bytes that wait or are in flight. Who finds no room waits here, urgent lanes first.
 * @module
 */
import { Queue } from './queue.ts'

/** Part of the room that only the most urgent lane may use, so that a flood in the others does not keep it out. */
const urgentReserve = 0.1

/** Called when there is room; takes it before returning. */
export type Enter = () => void

export class Room {
  readonly #maxEvents: number
  readonly #maxBytes: number
  readonly #waiting: readonly Queue<Enter>[]
  #events = 0
  #bytes = 0
  #admitting = false

  constructor(limits: { maxPendingEvents: number; maxPendingBytes: number }, lanes: number) {
    this.#maxEvents = limits.maxPendingEvents
    this.#maxBytes = limits.maxPendingBytes
    this.#waiting = Array.from({ length: lanes }, () => new Queue<Enter>())
  }

  get events(): number {
    return this.#events
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Calls waiting for room. */
  get waiting(): number {
    return this.#waiting.reduce((sum, queue) => sum + queue.size, 0)
  }

  /** Whether a newcomer of this lane may enter: there is room, and nobody as urgent waits already. */
  free(lane: number): boolean {
    for (let index = 0; index <= lane; index++) if (this.#waiting[index]!.size > 0) return false
    return this.#fits(lane)
  }

  /** Below the limits one event more is let in whatever its size: it is encoded only then. So bytes can exceed theirs by one event. */
  #fits(lane: number): boolean {
    const part = lane === 0 || this.#waiting.length === 1 ? 1 : 1 - urgentReserve
    return this.#events < Math.ceil(this.#maxEvents * part) && this.#bytes < this.#maxBytes * part
  }

  take(bytes: number): void {
    this.#events++
    this.#bytes += bytes
  }

  /** Gives back room, and lets in who waits. */
  give(events: number, bytes: number): void {
    this.#events -= events
    this.#bytes -= bytes
    this.admit()
  }

  wait(lane: number, enter: Enter): void {
    this.#waiting[lane]!.push(enter)
  }

  leave(lane: number, enter: Enter): boolean {
    return this.#waiting[lane]!.remove(enter)
  }

  admit(): void {
    if (this.#admitting) return
    this.#admitting = true
    try {
      this.#waiting.forEach((queue, lane) => {
        while (queue.size > 0 && this.#fits(lane)) queue.shift()!()
      })
    } finally {
      this.#admitting = false
    }
  }

  /** Calls everybody who waits, room or not: the publisher closes. */
  clear(): void {
    for (const queue of this.#waiting) {
      const waiters = Array.from({ length: queue.size }, () => queue.shift()!)
      for (const enter of waiters) enter()
    }
  }
}

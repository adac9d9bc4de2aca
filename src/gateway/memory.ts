/**
 * What the requests that are here hold in memory: bodies, and what was made of them, until they are answered. A part of the room is kept for
 * the most urgent lane.
 * @module
 */
import { RequestRefused } from './errors.ts'

/** Of a request: `unread` as long as its lane is not known. */
export type Urgency = 'most-urgent' | 'unread' | 'other'

export class Memory {
  readonly #limits: Readonly<Record<Urgency, number>>
  #bytes = 0

  /**
   * @param maxBytes for all requests together
   * @param reserve part of it that only the most urgent lane may take, 0..1. What is not known yet may take half of it: otherwise a flood
   * of the others would shut out urgent events that cannot be told before they are read
   */
  constructor(maxBytes: number, reserve: number) {
    this.#limits = {
      'most-urgent': maxBytes,
      unread: maxBytes * (1 - reserve / 2),
      other: maxBytes * (1 - reserve),
    }
  }

  /** Bytes held by all requests. */
  get bytes(): number {
    return this.#bytes
  }

  /** A part of it for one request, empty at first. */
  hold(urgency: Urgency): Held {
    return new Held(this, urgency)
  }

  /** For `Held`. @throws RequestRefused when there is no room */
  take(bytes: number, own: number, urgency: Urgency): void {
    // A request that is larger than the room on its own is let in alone, or it could never be.
    const others = this.#bytes - own
    if (others > 0 && this.#bytes + bytes > this.#limits[urgency]) {
      throw new RequestRefused('overloaded', 'Too many bytes are being taken just now: send it again later.')
    }
    this.#bytes += bytes
  }

  /** For `Held`. */
  give(bytes: number): void {
    this.#bytes -= bytes
  }
}

/** What one request holds. */
export class Held {
  readonly #memory: Memory
  #urgency: Urgency
  #bytes = 0

  constructor(memory: Memory, urgency: Urgency) {
    this.#memory = memory
    this.#urgency = urgency
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @throws RequestRefused when there is no room */
  grow(bytes: number): void {
    this.#memory.take(bytes, this.#bytes, this.#urgency)
    this.#bytes += bytes
  }

  shrink(bytes: number): void {
    this.#memory.give(bytes)
    this.#bytes -= bytes
  }

  /** Its lane is known now. @throws RequestRefused when that lane has no room for it */
  become(urgency: Urgency): void {
    this.#urgency = urgency
    this.grow(0)
  }

  /** Gives all of it back. */
  release(): void {
    this.shrink(this.#bytes)
  }
}

/**
 * Event ids: UUID version 7 (RFC 9562), ordered by time and, inside one process and clock, strictly increasing.
 * @module
 */
import { randomFillSync } from 'node:crypto'
import type { Clock } from '../clock.ts'

const idsPerFill = 512
const maxTimestamp = 2 ** 48 - 1
const maxCounter = 0xfff

/**
 * Makes ids from one clock. The 12 bits after the version count up inside a millisecond (method 1 of RFC 9562, section 6.2); when
 * they run out, or the clock goes back, the ids' own time goes on from where it was: unique and increasing whatever the clock does.
 */
export class EventIds {
  readonly #clock: Clock
  readonly #random = Buffer.allocUnsafe(idsPerFill * 8)
  #randomHex = ''
  #randomAt = 0
  #timestamp = -1
  #timestampHex = ''
  #counter = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  next(): string {
    const now = Math.floor(this.#clock.now())
    if (now > this.#timestamp && now <= maxTimestamp) this.#startMillisecond(now)
    else if (this.#timestamp < 0 || ++this.#counter > maxCounter) this.#startMillisecond(this.#timestamp + 1)
    if (this.#randomAt === this.#randomHex.length) this.#refill()
    const at = this.#randomAt
    this.#randomAt = at + 16
    const random = this.#randomHex
    const counter = this.#counter
    const counterHex = counter < 0x10 ? '00' : counter < 0x100 ? '0' : ''
    return `${this.#timestampHex}${counterHex}${counter.toString(16)}-${random.slice(at, at + 4)}-${random.slice(at + 4, at + 16)}`
  }

  #startMillisecond(timestamp: number): void {
    this.#timestamp = timestamp
    const hex = this.#timestamp.toString(16).padStart(12, '0')
    this.#timestampHex = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
    if (this.#randomAt === this.#randomHex.length) this.#refill()
    // A random start below the half leaves at least 2,048 ids to the millisecond.
    this.#counter = this.#random.readUInt16LE(this.#randomAt >>> 1) & 0x7ff
  }

  /** Hexadecimal in one go: 512 small conversions cost ten times as much. */
  #refill(): void {
    randomFillSync(this.#random)
    // The first of each eight bytes carries the variant, binary 10.
    for (let at = 0; at < this.#random.length; at += 8) this.#random[at] = (this.#random[at]! & 0x3f) | 0x80
    this.#randomHex = this.#random.toString('hex')
    this.#randomAt = 0
  }
}

const byClock = new WeakMap<Clock, EventIds>()

/** A new event id. Ids of one clock increase strictly, also when that clock goes back. */
export function newEventId(clock: Clock): string {
  let ids = byClock.get(clock)
  if (!ids) byClock.set(clock, (ids = new EventIds(clock)))
  return ids.next()
}

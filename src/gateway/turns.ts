/**
 * Turns of connections: in a flood, those that send events of other lanes are read a few at a time, so that an event of the most urgent
 * lane, whose connection is read at once, finds few before it. Whoever waits for a turn waits in the kernel, and costs nothing.
 * @module
 */
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../clock.ts'

export interface TurnsOptions {
  readonly clock: Clock
  /** Whether the log answers; while it does not, waiting for those under way would be for nothing. */
  readonly isLogAnswering: () => boolean
}

/** What is read in one round of the event loop, in requests with one small event each: some milliseconds of work. */
const perRound = 16

/** What may be on its way to the log while more is read: what an urgent event may have to wait for there. */
const maxUnderWay = 128

/** Of the body, that make as much work as a request with one small event. */
const bytesPerShare = 4096

/** Until it is looked again whether the log answers. */
const lookAgainMs = 50

export class Turns {
  readonly #options: TurnsOptions
  readonly #waiting = new Set<Socket>()
  #underWay = 0
  #readThisRound = 0
  #isPlanned = false
  #lookAgain: Timer | undefined
  #isFlooded = false

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  /** A request of another lane has come from `socket`, with a body of so many bytes. Call the result when it is answered. */
  take(socket: Socket, bytes: number): () => void {
    const share = 1 + bytes / bytesPerShare
    this.#underWay += share
    this.#readThisRound += share
    if (this.#readThisRound > perRound) this.#isFlooded = true
    this.#plan()
    return () => {
      this.#underWay -= share
      if (!this.#isFlooded) return
      socket.pause()
      this.#waiting.add(socket)
      this.#plan()
    }
  }

  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    void this.#options.clock.yield().then(() => this.#round())
  }

  #round(): void {
    this.#isPlanned = false
    this.#readThisRound = 0
    if (!this.#isFlooded) return
    const room = this.#options.isLogAnswering() ? maxUnderWay - this.#underWay : perRound
    let left = Math.min(perRound, Math.ceil(room))
    for (const socket of this.#waiting) {
      if (left-- <= 0) break
      this.#waiting.delete(socket)
      socket.resume()
    }
    if (this.#waiting.size === 0) this.#isFlooded = this.#underWay > perRound
    else if (room > 0) this.#plan()
    // The next answer plans a round; nothing would, were the log to fall silent now.
    else if (this.#lookAgain === undefined) {
      this.#lookAgain = this.#options.clock.setTimer(lookAgainMs, () => this.#look(), { unref: true })
    }
  }

  #look(): void {
    this.#lookAgain = undefined
    this.#plan()
  }
}

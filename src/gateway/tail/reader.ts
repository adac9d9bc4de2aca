/**
 * One reader of the log over HTTP: a bounded buffer between the log and a connection that may be slow.
 * @module
 */
import { Readable } from 'node:stream'
import { droppedBytes, heartbeat } from './server-sent.ts'

/** Heartbeats in a row for which a reader may take nothing before it is cut off. */
const patience = 4

/** What is not taken in time is dropped, and counted: nobody waits for a reader. */
export class TailReader extends Readable {
  readonly #maxBytes: number
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Since the last notice. */
  #dropped = 0
  #wantsMore = false
  #idleBeats = 0
  #finished = false

  /** @param maxBytes of events that wait; one alone may be larger */
  constructor(maxBytes: number) {
    super({ highWaterMark: 16 * 1024 })
    this.#maxBytes = maxBytes
    // The answer begins now, and not with the first event.
    this.#add(heartbeat)
  }

  /** Never waits. */
  offer(bytes: Buffer): void {
    if (this.#finished || this.destroyed) return
    const isFull = this.#waiting.length > 0 && this.#waitingBytes + bytes.length > this.#maxBytes
    // Once it has lost some it gets half of its room free first, or it would be told of single events lost.
    const isBehind = this.#dropped > 0 && this.#waitingBytes > this.#maxBytes / 2
    if (isFull || isBehind) {
      this.#dropped++
      return
    }
    this.#tellDropped()
    this.#add(bytes)
    this.#flow()
  }

  /** A moment went by. Ends a reader that takes nothing any more. */
  beat(): void {
    if (this.#wantsMore) {
      this.offer(heartbeat)
      return
    }
    if (++this.#idleBeats >= patience) this.destroy()
  }

  /** The last words; what waits is left out. */
  finish(last?: Buffer): void {
    if (this.#finished || this.destroyed) return
    this.#finished = true
    this.#waiting = []
    if (last !== undefined) this.push(last)
    this.push(null)
  }

  override _read(): void {
    this.#wantsMore = true
    this.#idleBeats = 0
    this.#flow()
  }

  #add(bytes: Buffer): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return
    this.#add(droppedBytes(this.#dropped))
    this.#dropped = 0
  }

  #flow(): void {
    let taken = 0
    while (this.#wantsMore && taken < this.#waiting.length) {
      const bytes = this.#waiting[taken++]!
      this.#waitingBytes -= bytes.length
      this.#wantsMore = this.push(bytes)
      if (taken === this.#waiting.length) this.#tellDropped()
    }
    this.#waiting.splice(0, taken)
  }
}

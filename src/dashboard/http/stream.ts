/**
 * Server-sent events for one viewer: a bounded buffer before a connection that may be slow.
 * @module
 */
import { Readable } from 'node:stream'

/** What waits for a viewer that takes nothing, bytes; one message alone may be larger. */
const maxWaitingBytes = 512 * 1024
/** Heartbeats in a row for which a viewer may take nothing before it is cut off. */
const patience = 4

const heartbeat = Buffer.from(':\n\n')

/** One message, made once for all who get it. */
export function message(name: string, data: unknown): Buffer {
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}

export class ViewerStream extends Readable {
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #wantsMore = false
  #idleBeats = 0
  #finished = false

  constructor() {
    super({ highWaterMark: 16 * 1024 })
    // The answer begins now, and a connection that is lost is tried again soon.
    this.#add(Buffer.from('retry: 1000\n\n'))
  }

  /** Bytes that wait. */
  get waitingBytes(): number {
    return this.#waitingBytes + this.readableLength
  }

  /** Never waits; false: there is no room, and it was left out. */
  offer(bytes: Buffer): boolean {
    if (this.#finished || this.destroyed) return false
    if (this.#waiting.length > 0 && this.#waitingBytes + bytes.length > maxWaitingBytes) return false
    this.#add(bytes)
    this.#flow()
    return true
  }

  /** A moment went by. Ends a viewer that takes nothing any more. */
  beat(): void {
    if (this.#wantsMore) this.offer(heartbeat)
    else if (++this.#idleBeats >= patience) this.destroy()
  }

  finish(): void {
    if (this.#finished || this.destroyed) return
    this.#finished = true
    this.#waiting = []
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

  #flow(): void {
    while (this.#wantsMore && this.#waiting.length > 0) {
      const bytes = this.#waiting.shift()!
      this.#waitingBytes -= bytes.length
      this.#wantsMore = this.push(bytes)
    }
  }
}

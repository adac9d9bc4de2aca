/**
 * All streams of a server: how many at once, their signs of life, and their end.
 * @module
 */
import type { FastifyReply } from 'fastify'
import type { Clock, Timer } from '../../clock.ts'
import { DashboardRefused } from '../errors.ts'
import type { Session } from './sessions.ts'
import { ViewerStream } from './stream.ts'

const maxViewers = 64
const heartbeatMs = 10_000
/** For the last bytes to be taken, when the server ends. */
const graceMs = 500

export class Viewers {
  readonly #clock: Clock
  /** Until their connection is closed. */
  readonly #open = new Map<ViewerStream, { readonly raw: FastifyReply['raw']; readonly session: Session }>()
  #beats: Timer | undefined
  #closing = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A stream that ends with its session, its connection or the server; `close` is emitted then. @throws DashboardRefused */
  open(reply: FastifyReply, session: Session): ViewerStream {
    if (this.#closing || this.#open.size >= maxViewers) {
      throw new DashboardRefused(
        'overloaded',
        `At most ${maxViewers} streams are open at once: close one, or try later.`,
      )
    }
    const stream = new ViewerStream()
    // An answer that breaks off is a connection that is gone.
    stream.on('error', () => undefined)
    this.#open.set(stream, { raw: reply.raw, session })
    const end = (): void => stream.finish()
    session.ended.addEventListener('abort', end, { once: true })
    reply.raw.once('close', () => {
      session.ended.removeEventListener('abort', end)
      stream.destroy()
      this.#gone(stream)
    })
    this.#beats ??= this.#beat()
    return stream
  }

  send(reply: FastifyReply, stream: ViewerStream): FastifyReply {
    reply.headers({ connection: 'close', 'x-accel-buffering': 'no' })
    return reply.type('text/event-stream; charset=utf-8').send(stream)
  }

  /** Resolves when all connections are closed, by force where nothing is taken any more. */
  async close(): Promise<void> {
    this.#closing = true
    const closed = [...this.#open].map(([stream, { raw }]) => {
      stream.finish()
      return new Promise<void>((resolve) => (raw.closed ? resolve() : void raw.once('close', resolve)))
    })
    if (closed.length === 0) return
    const force = this.#clock.setTimer(graceMs, () => {
      for (const { raw } of this.#open.values()) raw.destroy()
    })
    await Promise.all(closed)
    force.cancel()
  }

  #gone(stream: ViewerStream): void {
    this.#open.delete(stream)
    if (this.#open.size > 0) return
    this.#beats?.cancel()
    this.#beats = undefined
  }

  #beat(): Timer {
    return this.#clock.setTimer(
      heartbeatMs,
      () => {
        for (const [stream, { session }] of this.#open) {
          session.seen()
          stream.beat()
        }
        this.#beats = this.#beat()
      },
      { unref: true },
    )
  }
}

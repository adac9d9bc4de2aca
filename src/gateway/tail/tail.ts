/**
 * `GET /tail`: new events as they come, as server-sent events.
 * @module
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock, Timer } from '../../clock.ts'
import { RequestRefused } from '../errors.ts'
import { problemOfError } from '../problems.ts'
import { Feeds, type FeedsOptions, type Follower } from './feeds.ts'
import { wantedBy } from './query.ts'
import { TailReader } from './reader.ts'
import { failedBytes } from './server-sent.ts'

export interface TailOptions {
  /** Readers at once; more are refused with 503. Default 16. */
  readonly maxReaders?: number
  /** Events that wait for a slow reader, bytes; more are dropped, and it is told how many. Default 1 MiB. */
  readonly maxReaderBytes?: number
  /** Between signs of life where nothing else is sent, milliseconds. Default 10,000, below the 15 s after which `veltrix haproxy` takes a gateway for hung. */
  readonly heartbeatMs?: number
}

const defaults = { maxReaders: 16, maxReaderBytes: 1024 * 1024, heartbeatMs: 10_000 }

/** For the last words to be taken, when the gateway ends. */
const graceMs = 1_000

export class Tail {
  readonly #options: FeedsOptions
  readonly #settings: Required<TailOptions>
  readonly #clock: Clock
  readonly #feeds: Feeds
  /** Until their connection is closed. */
  readonly #readers = new Map<TailReader, FastifyReply>()
  #beats: Timer | undefined
  #closing = false

  constructor(options: FeedsOptions, settings: TailOptions = {}) {
    this.#options = options
    this.#settings = { ...defaults, ...settings }
    this.#clock = options.clock
    this.#feeds = new Feeds(options)
  }

  /**
   * Answers when everything stored from then on will be shown.
   * @param mayRead which events the caller may see; default all
   * @throws RequestRefused, and what the log cannot be read for
   */
  async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    mayRead?: (type: string, source: string) => boolean,
  ): Promise<FastifyReply> {
    checkAccept(request.headers.accept)
    const { places, isWanted } = wantedBy(request.query, this.#options.config)
    const reader = this.#newReader(reply)
    const follower: Follower = {
      isWanted,
      mayRead,
      offer: (bytes) => reader.offer(bytes),
      failed: (error) => reader.finish(failedBytes(problemOfError(error))),
    }
    reader.once('close', () => this.#feeds.leave(follower))
    try {
      await this.#feeds.join(places, follower)
    } catch (error) {
      reader.destroy()
      this.#gone(reader)
      throw error
    }
    // It is nobody's to keep, and closed when it ends.
    reply.headers({ 'cache-control': 'no-store', connection: 'close', 'x-accel-buffering': 'no' })
    return reply.type('text/event-stream; charset=utf-8').send(reader)
  }

  /** Ends every answer. Resolves when their connections are closed, by force where they take nothing any more. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#readers.size === 0) return
    const closed = [...this.#readers].map(([reader, { raw }]) => {
      reader.finish()
      return new Promise<void>((resolve) => void raw.once('close', resolve))
    })
    const force = this.#clock.setTimer(graceMs, () => {
      for (const { raw } of this.#readers.values()) raw.destroy()
    })
    await Promise.all(closed)
    force.cancel()
  }

  #newReader(reply: FastifyReply): TailReader {
    const { maxReaders, maxReaderBytes } = this.#settings
    if (this.#closing || this.#readers.size >= maxReaders) {
      throw new RequestRefused('overloaded', `At most ${maxReaders} readers follow the log at once: try again later.`)
    }
    const reader = new TailReader(maxReaderBytes)
    // An answer that breaks off is a connection that is gone.
    reader.on('error', () => undefined)
    this.#readers.set(reader, reply)
    reply.raw.once('close', () => {
      reader.destroy()
      this.#gone(reader)
    })
    this.#beats ??= this.#beat()
    return reader
  }

  #gone(reader: TailReader): void {
    this.#readers.delete(reader)
    if (this.#readers.size > 0) return
    this.#beats?.cancel()
    this.#beats = undefined
  }

  #beat(): Timer {
    return this.#clock.setTimer(this.#settings.heartbeatMs, () => {
      for (const reader of this.#readers.keys()) reader.beat()
      this.#beats = this.#beat()
    })
  }
}

function checkAccept(accept: string | undefined): void {
  if (accept === undefined || /text\/event-stream|text\/\*|\*\/\*/i.test(accept)) return
  throw new RequestRefused('not-acceptable', 'It is sent as text/event-stream only: accept that.')
}

/**
 * A server of `dev` that opens late: loading it must not stand in the way of the first event.
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ChannelName } from '../../channels.ts'
import { sleep, type Clock } from '../../clock.ts'
import { isVeltrixError, type ErrorCode } from '../../errors.ts'

export interface LateServerOptions {
  /** As people call it: `gateway`. */
  readonly name: string
  /** Undefined: the usual one, or a free one where that is taken. */
  readonly port: number | undefined
  readonly usualPort: number
  /** Of the error that says that a port cannot be had. */
  readonly addressTaken: ErrorCode
  readonly clock: Clock
  /** Loads and makes one for a port; it does not listen yet. */
  readonly make: (port: number) => Promise<StartedServer>
  /** Told where it listens. */
  readonly listening: (url: string) => void
  /** A line for people: it is somewhere else than usual, or nowhere. */
  readonly note: (text: string) => void
}

export interface StartedServer {
  /** Resolves to its address. */
  start(): Promise<string>
  close(): Promise<void>
}

/** An app that nothing is published to is not waited for. */
const waitsMs = 500
const handled: ChannelName = 'veltrix:worker:handled'

export class LateServer {
  readonly #options: LateServerOptions
  readonly #closed = new AbortController()
  #opening: Promise<unknown> = Promise.resolve()
  #server: StartedServer | undefined

  constructor(options: LateServerOptions) {
    this.#options = options
  }

  /**
   * At a port that was asked for it listens when this resolves. Otherwise it listens once the first event was handled, or soon.
   * @throws the server's error when the port that was asked for is taken
   */
  async begin(): Promise<void> {
    const { port, clock } = this.#options
    if (port !== undefined) {
      this.#opening = this.#open(port)
      await this.#opening
    } else {
      this.#opening = firstHandled(clock, this.#closed.signal).then(() => this.#openSomewhere())
    }
  }

  /** Takes nothing more; what is under way is answered first. Idempotent. */
  async close(): Promise<void> {
    this.#closed.abort()
    // Whoever began it was told what it failed with.
    await this.#opening.catch(() => undefined)
    await this.#server?.close()
  }

  async #openSomewhere(): Promise<void> {
    const { name, note, usualPort, addressTaken } = this.#options
    try {
      await this.#open(usualPort)
    } catch (error) {
      if (!isVeltrixError(error) || error.code !== addressTaken) return note(this.#withoutIt(error))
      try {
        const url = await this.#open(0)
        if (url !== undefined) {
          note(
            `Port ${usualPort} cannot be had (something else listens there), so the ${name} is on ${url.split('/#', 1)[0]}.`,
          )
        }
      } catch (again) {
        note(this.#withoutIt(again))
      }
    }
  }

  /** Where it listens; undefined when it was closed meanwhile. */
  async #open(port: number): Promise<string | undefined> {
    const { make, listening } = this.#options
    const server = await make(port)
    if (this.#closed.signal.aborted) return undefined
    this.#server = server
    const url = await server.start()
    listening(url)
    return url
  }

  #withoutIt(error: unknown): string {
    return `The ${this.#options.name} is not there: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Resolves when an event was handled in this process, after a while, or when `signal` aborts. */
async function firstHandled(clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const hear = (): void => resolve()
  subscribe(handled, hear)
  const enough = new AbortController()
  const late = sleep(clock, waitsMs, AbortSignal.any([signal, enough.signal])).catch(() => undefined)
  await Promise.race([promise, late])
  unsubscribe(handled, hear)
  enough.abort()
}

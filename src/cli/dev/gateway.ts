/**
 * The gateway of `dev`: the app takes events over HTTP while it runs.
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ChannelName } from '../../channels.ts'
import { sleep, type Clock } from '../../clock.ts'
import { isVeltrixError } from '../../errors.ts'
import type { Gateway } from '../../gateway/index.ts'
import type { App } from '../../veltrix.ts'

export interface DevGatewayOptions {
  readonly app: App
  /** Undefined: the usual one, or a free one where that is taken. */
  readonly port: number | undefined
  /** Default 4680. */
  readonly usualPort?: number
  readonly clock: Clock
  /** Told where it listens. */
  readonly listening: (url: string) => void
  /** A line for people: it is somewhere else than usual, or nowhere. */
  readonly note: (text: string) => void
  /** Hears of failures at a request that are the gateway's own. */
  readonly onFailure: (error: unknown) => void
}

/** An app that nothing is published to is not waited for. */
const waitsMs = 500
const handled: ChannelName = 'veltrix:worker:handled'

export class DevGateway {
  readonly #options: DevGatewayOptions
  readonly #closed = new AbortController()
  #opening: Promise<unknown> = Promise.resolve()
  #gateway: Gateway | undefined

  constructor(options: DevGatewayOptions) {
    this.#options = options
  }

  /**
   * At a port that was asked for it listens when this resolves. Otherwise it listens once the first event was handled, or soon: loading an
   * HTTP server must not stand in the way of that event.
   * @throws GatewayAddressInvalid when the port that was asked for is taken
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

  /** Takes no more events; what is under way is answered first. Idempotent. */
  async close(): Promise<void> {
    this.#closed.abort()
    // Whoever began it was told what it failed with.
    await this.#opening.catch(() => undefined)
    await this.#gateway?.close()
  }

  async #openSomewhere(): Promise<void> {
    const { note, usualPort = 4680 } = this.#options
    try {
      await this.#open(usualPort)
    } catch (error) {
      if (!isVeltrixError(error) || error.code !== 'VLX_GATEWAY_ADDRESS') return note(withoutIt(error))
      try {
        const url = await this.#open(0)
        if (url !== undefined)
          note(`Port ${usualPort} cannot be had (something else listens there), so the gateway is on ${url}.`)
      } catch (again) {
        note(withoutIt(again))
      }
    }
  }

  /** Where it listens; undefined when it was closed meanwhile. */
  async #open(port: number): Promise<string | undefined> {
    const { app, listening, onFailure } = this.#options
    const { createGateway } = await import('../../gateway/index.ts')
    if (this.#closed.signal.aborted) return undefined
    const gateway = createGateway(app, { port, onFailure })
    this.#gateway = gateway
    const url = await gateway.start()
    listening(url)
    return url
  }
}

function withoutIt(error: unknown): string {
  return `The gateway is not there: ${error instanceof Error ? error.message : String(error)}`
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

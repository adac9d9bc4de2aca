/**
 * Publishing through a gateway, from browsers and from Node: only `fetch`, timers and JSON.
 * @module
 */
import { sleep, systemClock, type Clock } from '../clock.ts'
import type { EventInput, EventTypes } from '../config/index.ts'
import { ask, type Answer, type ClientHeaders } from './ask.ts'
import { ClientFull } from './errors.ts'
import { WaitingEvent, type ClientPublishResult } from './waiting-event.ts'

export type { ClientHeaders, ClientPublishResult }

export interface ClientOptions {
  /** Where the gateway is: `http://127.0.0.1:4680`. */
  readonly url: string
  /** CloudEvents `source` of what is published here, a URI reference. Default `urn:veltrix:client`. */
  readonly source?: string
  /**
   * Sent with every request: `{ authorization: 'Bearer …' }`, or a function that gives them anew each time, for tokens that expire. While
   * that fails nothing is sent, and it is asked again.
   */
  readonly headers?: ClientHeaders
  /** Events of one request. Default 100. */
  readonly maxBatchEvents?: number
  /** Events that wait or are on their way; more are refused. Default 10,000. */
  readonly maxPendingEvents?: number
  /** After so long an event's fate is told as unknown. Milliseconds, default 30,000. */
  readonly giveUpAfterMs?: number
  /** One request. Milliseconds, default 10,000. */
  readonly requestTimeoutMs?: number
  /** Default the global one. */
  readonly fetch?: typeof fetch
  /** Default the machine's time. */
  readonly clock?: Clock
  /** Uniform in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number
}

export interface ClientPublishOptions {
  /** Default a new UUID. Every try has the same. */
  readonly id?: string
  /** When it happened; default now. */
  readonly time?: Date
  /** CloudEvents `subject`. */
  readonly subject?: string
  /** CloudEvents extension attributes. */
  readonly extensions?: Readonly<Record<string, string>>
}

const defaults = {
  source: 'urn:veltrix:client',
  headers: {},
  maxBatchEvents: 100,
  maxPendingEvents: 10_000,
  giveUpAfterMs: 30_000,
  requestTimeoutMs: 10_000,
  clock: systemClock,
  random: Math.random,
}

/** Bytes (at most: characters) of one request; the gateway takes 4 MiB. */
const maxBatchCharacters = 1 << 20
const backoffMinMs = 100
const backoffMaxMs = 5_000

/** What is kept of the options, all there. */
type Settings = Required<ClientOptions>

/**
 * A client typed by the typed file, which it does not load: `createClient<typeof config>({ url })` with `import type`.
 * @typeParam C the definition, `typeof config`
 */
export function createClient<C>(options: ClientOptions): Client<C> {
  return new Client<C>(options)
}

/** Made by {@link createClient}. One request is on its way at a time; what is published meanwhile goes together in the next. */
export class Client<C> {
  readonly #settings: Settings
  readonly #queue: WaitingEvent[] = []
  #pending = 0
  #sending: Promise<void> | undefined
  #failures = 0
  #isClosed = false

  constructor(options: ClientOptions) {
    this.#settings = { ...defaults, fetch: (...given) => globalThis.fetch(...given), ...options }
  }

  /** Events that wait or are on their way. */
  get pendingEvents(): number {
    return this.#pending
  }

  /**
   * Publishes one event; resolves when the gateway said that it is durable. What may pass (no connection, 409, 429, 5xx) is tried again with
   * the same id, with growing pauses or as `Retry-After` says. An event that is tried again may be stored after later ones.
   * @throws GatewayRefused: not published
   * @throws GatewayUnreachable: nobody knows; publish again with the same id
   * @throws ClientFull: not published
   * @throws TypeError when JSON cannot carry the data
   */
  async publish<Type extends EventTypes<C>>(
    type: Type,
    data: EventInput<C, Type>,
    options: ClientPublishOptions = {},
  ): Promise<ClientPublishResult> {
    const { maxPendingEvents, source, clock } = this.#settings
    if (this.#isClosed) throw new ClientFull(this.#pending, 'the client is closed')
    if (this.#pending >= maxPendingEvents)
      throw new ClientFull(this.#pending, `${this.#pending} events wait already (maxPendingEvents)`)
    const { id = crypto.randomUUID(), time = new Date(clock.now()), subject, extensions } = options
    const json = JSON.stringify({ ...extensions, specversion: '1.0', id, source, type, time, subject, data })
    const waiting = new WaitingEvent(id, { source, type }, json, clock.monotonic())
    this.#queue.push(waiting)
    this.#pending++
    // What is published in the same turn goes together.
    this.#sending ??= Promise.resolve().then(() => this.#send())
    return waiting.promise.finally(() => this.#pending--)
  }

  /** Takes no more events; resolves when every one has its answer. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#sending
  }

  async #send(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#nextBatch()
      const answer = await ask(this.#settings, batch)
      const again = batch.filter((event, index) => !this.#settle(event, answer, index))
      this.#queue.unshift(...again)
      this.#failures = again.length === 0 ? 0 : this.#failures + 1
      if (again.length > 0 && !answer.isTooLarge) await sleep(this.#settings.clock, this.#pauseMs(answer))
    }
    // In the same turn as the look at the queue: what is published after it starts anew.
    this.#sending = undefined
  }

  #nextBatch(): readonly WaitingEvent[] {
    const { maxBatchEvents } = this.#settings
    let count = 0
    let characters = 0
    for (const { json, alone } of this.#queue) {
      const isFull = count === maxBatchEvents || characters + json.length > maxBatchCharacters || alone
      if (count > 0 && isFull) break
      count++
      characters += json.length
      if (alone) break
    }
    return this.#queue.splice(0, count)
  }

  /** False when the event is to be tried again. */
  #settle(event: WaitingEvent, answer: Answer, index: number): boolean {
    const { status, problem, replayed } = answer.of(index)
    if (status === 202) event.stored(replayed)
    else if (answer.isTooLarge) {
      event.alone = true
      return false
    } else if (!mayPass(status)) event.refused(status, problem)
    else {
      const { clock, giveUpAfterMs } = this.#settings
      const now = clock.monotonic()
      if (now - event.since < giveUpAfterMs) return false
      event.unknown(now, problem.detail ?? `the gateway answered ${status}`, answer.failure)
    }
    return true
  }

  /** Full jitter, or what the gateway asked for. */
  #pauseMs({ retryAfterMs }: Answer): number {
    const ceiling = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(this.#failures, 10))
    return Math.max(retryAfterMs, this.#settings.random() * ceiling, 1)
  }
}

/** 0 is no answer at all. */
function mayPass(status: number): boolean {
  return status === 0 || status === 408 || status === 409 || status === 429 || status >= 500
}

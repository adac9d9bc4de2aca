/**
 * What the log thread of a client is at the moment: owner of the directory, relay to the owner, or looking for one.
 * @module
 */
import { type Clock, sleep, type Timer } from '../../../clock.ts'
import { isVeltrixError } from '../../../errors.ts'
import { LogUnavailable } from '../../index.ts'
import type { CompiledOptions } from '../options.ts'
import type { Message, OperationName, Request } from '../protocol.ts'
import { toWire } from '../wire-errors.ts'
import { logFiles, type LogFiles } from './layout.ts'
import { Owner } from './owner.ts'
import { type Ownership, takeOwnership } from './ownership.ts'
import { connectRelay, type Relay } from './relay.ts'
import { newSession } from './session.ts'
import { socketPath } from './socket-path.ts'
import { serveSocket, type SocketServer } from './socket-server.ts'
import { Store } from './store.ts'

type Send = (message: Message, transfer?: readonly ArrayBuffer[]) => void

/** Asking these again is harmless, so they wait for the next owner instead of failing. */
const repeatable = new Set<OperationName>(['watch', 'topics', 'offsets', 'groups', 'createTopics', 'retain', 'beat'])
/** Of no meaning to the next owner: memberships end with the old one. */
const forgettable = new Set<OperationName>(['leave', 'released', 'tail'])

const slowestBeatMs = 1_000

export class Station {
  readonly #options: CompiledOptions
  readonly #files: LogFiles
  readonly #clientId: string
  readonly #clock: Clock
  readonly #send: Send
  /** Takes requests while we are owner or relay. */
  #serve: ((request: Request) => void) | undefined
  #waiting: Request[] = []
  #stopRole: (() => void) | undefined
  #closed = false

  constructor(options: CompiledOptions, clientId: string, clock: Clock, send: Send) {
    this.#options = options
    this.#files = logFiles(options.directory)
    this.#clientId = clientId
    this.#clock = clock
    this.#send = send
  }

  handle(request: Request): void {
    if (this.#serve === undefined) this.#waiting.push(request)
    else this.#serve(request)
  }

  close(): void {
    this.#closed = true
    this.#stopRole?.()
  }

  /** Finds a role and keeps finding one. @throws (through a `broken` message) what makes the log unusable */
  async search(first: boolean): Promise<void> {
    try {
      if (!(await this.#findRole(first))) return
      if (this.#closed) return this.#stopRole?.()
      if (!first) this.#send({ push: 'reset' })
      for (const request of this.#waiting.splice(0)) this.handle(request)
    } catch (error) {
      this.#send({ push: 'broken', error: toWire(error) })
    }
  }

  /** True when found; false when closed meanwhile. */
  async #findRole(first: boolean): Promise<boolean> {
    let deadline = this.#clock.monotonic() + this.#options.ownerTimeoutMs
    while (!this.#closed) {
      try {
        if ((await this.#becomeOwner()) || (await this.#becomeRelay())) return true
        if (this.#clock.monotonic() > deadline) throw this.#nobody()
      } catch (error) {
        if (first || !isVeltrixError(error) || !error.retryable) throw error
        for (const { id } of this.#waiting.splice(0)) this.#send({ id, error: toWire(error) })
        deadline = this.#clock.monotonic() + this.#options.ownerTimeoutMs
      }
      // Spread, so that several waiting processes do not try in step.
      await sleep(this.#clock, 10 + Math.random() * 40)
    }
    return false
  }

  async #becomeOwner(): Promise<boolean> {
    const ownership = takeOwnership(this.#files)
    if (ownership === undefined) return false
    let owner: Owner | undefined
    try {
      const store = new Store(this.#files, this.#options)
      owner = new Owner(store, this.#options, this.#clock, () => this.#stepDown())
      const server = await serveSocket(socketPath(this.#options.directory), owner)
      this.#own(owner, ownership, server)
      return true
    } catch (error) {
      owner?.stop()
      ownership.release()
      throw error
    }
  }

  #own(owner: Owner, ownership: Ownership, server: SocketServer): void {
    const session = newSession(this.#clientId, true, this.#send)
    owner.open(session)
    this.#serve = (request) => owner.handle(session, request)
    this.#stopRole = () => {
      this.#stopRole = undefined
      this.#serve = undefined
      owner.stop()
      server.close()
      ownership.release()
    }
  }

  /** After a failed disk only files opened anew tell what is stored. */
  #stepDown(): void {
    void this.#clock.yield().then(() => {
      this.#stopRole?.()
      if (!this.#closed) void this.search(false)
    })
  }

  async #becomeRelay(): Promise<boolean> {
    const pending = new Map<number, Request>()
    const { directory, ownerTimeoutMs } = this.#options
    const target = { path: socketPath(directory), directory, clientId: this.#clientId, timeoutMs: ownerTimeoutMs }
    let heardAt = this.#clock.monotonic()
    const relay = await connectRelay(target, this.#clock, {
      message: (message) => {
        heardAt = this.#clock.monotonic()
        if ('id' in message) pending.delete(message.id)
        this.#send(message)
      },
      lost: () => this.#ownerLost(pending),
    })
    if (relay === undefined) return false
    this.#relay(relay, pending, () => this.#clock.monotonic() - heardAt > ownerTimeoutMs)
    return true
  }

  #relay(relay: Relay, pending: Map<number, Request>, silent: () => boolean): void {
    let beatMs = slowestBeatMs
    const beat = (): Timer =>
      this.#clock.setTimer(beatMs, () => {
        // Every beat is answered: an owner that says nothing at all is stopped or stuck.
        if (silent()) return relay.abandon()
        relay.send({ id: 0, op: 'beat', ask: {} })
        timer = beat()
      })
    let timer = beat()
    this.#serve = (request) => {
      pending.set(request.id, request)
      relay.send(request)
      if (request.op !== 'join') return
      // From this thread, so that a busy main thread does not make its member look dead.
      beatMs = Math.min(beatMs, request.ask.sessionTimeoutMs / 4)
      timer.cancel()
      timer = beat()
    }
    this.#stopRole = () => {
      this.#stopRole = undefined
      this.#serve = undefined
      timer.cancel()
      relay.close()
    }
  }

  #ownerLost(pending: Map<number, Request>): void {
    this.#stopRole?.()
    if (this.#closed) return
    for (const request of pending.values()) {
      const { id, op } = request
      if (repeatable.has(op)) this.#waiting.push(request)
      else if (forgettable.has(op)) this.#send({ id, answer: undefined })
      else this.#send({ id, error: toWire(this.#ownerGone(op)) })
    }
    void this.search(false)
  }

  #ownerGone(op: OperationName): LogUnavailable {
    return new LogUnavailable(
      `The process that owned ${this.#options.directory} ended while "${op}" was pending; it may or may not have been done. Another process takes over: try again.`,
    )
  }

  #nobody(): LogUnavailable {
    return new LogUnavailable(
      `Another process holds ${this.#files.lock} and does not answer within ${this.#options.ownerTimeoutMs} ms. See whether it is stopped; end it, or raise embedded({ ownerTimeout }).`,
    )
  }
}

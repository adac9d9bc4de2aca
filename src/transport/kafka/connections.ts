/**
 * Connections to brokers. Short questions share one for each broker; whoever may wait long (a fetch, an append) leases one for itself, so
 * that nobody stands behind a blocked answer.
 * @module
 */
import { isIP } from 'node:net'
import type { Clock } from '../../clock.ts'
import { LogClosed } from '../index.ts'
import type { Client, Connection } from './client.ts'
import { authenticationError, type Identity } from './handshake-errors.ts'
import type { CompiledOptions } from './options.ts'
import { authenticator, credentialsOf, userOf, type SaslOptions } from './sasl.ts'

/** Where a broker listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/**
 * A session that the broker lets live for so long is not used after this part of it. Requests that are on their way then are still
 * answered; a request after its end would cost the connection.
 */
const usedPart = 0.8

export class Connections {
  readonly #client: Client
  readonly #options: CompiledOptions
  readonly #clock: Clock
  readonly #clientId: string
  #user: string | undefined
  readonly #shared = new Map<string, Promise<Connection>>()
  /** Shared ones whose session is over: answers may still come. Ended when the next one follows them. */
  readonly #retired = new Map<string, Connection>()
  /** When the broker's session ends, by the monotonic clock; those without SASL have none. */
  readonly #expiresAt = new WeakMap<Connection, number>()
  /** The last error of a socket: what waits for an answer is only told that the connection is closed. */
  readonly #errors = new WeakMap<Connection, Error>()
  readonly #idle = new Map<string, Connection[]>()
  readonly #all = new Set<Connection>()
  #closed = false

  constructor(client: Client, options: CompiledOptions, clock: Clock, clientId: string) {
    this.#client = client
    this.#options = options
    this.#clock = clock
    this.#clientId = clientId
    this.#user = userOf(options)
  }

  /** Who this client is to the brokers, where that is known. */
  get user(): string | undefined {
    return this.#user
  }

  /** Why the broker ended this connection, where it does not accept this client. */
  troubleOf(connection: Connection, address: Address): Error | undefined {
    return authenticationError(this.#errors.get(connection), address, this.#identity)
  }

  /** The connection of short questions to this broker; made anew when it broke. */
  async shared(address: Address): Promise<Connection> {
    const key = keyOf(address)
    const before = await this.#shared.get(key)?.catch(() => undefined)
    if (before !== undefined && this.#isUsable(before)) return before
    const current = this.#shared.get(key)
    // Somebody else came first.
    const other = await current?.catch(() => undefined)
    if (other !== undefined && this.#isUsable(other)) return other
    if (before !== undefined) this.#retire(key, before)
    const made = this.#open(address)
    this.#shared.set(key, made)
    made.catch(() => this.#shared.get(key) === made && this.#shared.delete(key))
    return made
  }

  /** A connection nobody else uses until it is given back. */
  async lease(address: Address): Promise<Connection> {
    const idle = this.#idle.get(keyOf(address))
    for (let each = idle?.pop(); each !== undefined; each = idle?.pop()) {
      if (this.#isUsable(each)) return each
      this.#drop(each)
    }
    return this.#open(address)
  }

  /** One that may wait longer than others for an answer; to be given back as failed, since it is of no use to others. */
  dedicated(address: Address, requestTimeoutMs: number): Promise<Connection> {
    return this.#open(address, requestTimeoutMs)
  }

  /** Ends it when it failed: a late answer must not be taken for that of the next question. */
  giveBack(address: Address, connection: Connection, failed = false): void {
    if (failed || this.#closed || !this.#isUsable(connection)) return this.#drop(connection)
    const idle = this.#idle.get(keyOf(address))
    if (idle === undefined) this.#idle.set(keyOf(address), [connection])
    else idle.push(connection)
  }

  /** Ends all of them; what waits for an answer fails. */
  async close(): Promise<void> {
    this.#closed = true
    const ended = [...this.#all].map((connection) => connection.close().catch(() => {}))
    for (const connection of this.#all) connection.socket?.destroy()
    await Promise.all(ended)
  }

  #drop(connection: Connection): void {
    this.#all.delete(connection)
    connection.close().catch(() => {})
    // What was not sent yet would be waited for, and a broker that stands still takes nothing.
    connection.socket?.destroy()
  }

  get #identity(): Identity {
    const { sasl, tls } = this.#options
    return { mechanism: sasl?.mechanism, user: this.#user, certified: tls?.cert !== undefined }
  }

  #isUsable(connection: Connection): boolean {
    return connection.isConnected() && this.#clock.monotonic() < (this.#expiresAt.get(connection) ?? Infinity)
  }

  #retire(key: string, connection: Connection): void {
    const earlier = this.#retired.get(key)
    if (earlier === connection) return
    if (earlier !== undefined) this.#drop(earlier)
    this.#retired.set(key, connection)
  }

  async #open(address: Address, requestTimeoutMs = this.#options.requestTimeoutMs): Promise<Connection> {
    if (this.#closed) throw new LogClosed('The log is closed. Open it again to use it.')
    let expiresAt = Infinity
    const sasl = await this.#sasl((sessionLifetimeMs) => {
      if (sessionLifetimeMs > 0) expiresAt = this.#clock.monotonic() + sessionLifetimeMs * usedPart
    })
    const connection = this.#make(address, requestTimeoutMs, sasl)
    try {
      await connection.connect(address.host, address.port)
      this.#expiresAt.set(connection, expiresAt)
    } catch (error) {
      this.#drop(connection)
      throw authenticationError(error, address, this.#identity) ?? error
    }
    if (!this.#closed) return connection
    this.#drop(connection)
    throw new LogClosed('The log is closed. Open it again to use it.')
  }

  async #sasl(lives: (sessionLifetimeMs: number) => void): Promise<SaslOptions | undefined> {
    const { sasl, requestTimeoutMs } = this.#options
    if (sasl === undefined) return undefined
    const credentials = await credentialsOf(sasl, this.#clock, requestTimeoutMs)
    this.#user = userOf(this.#options, credentials)
    return { ...credentials, authenticate: authenticator(this.#client, lives) }
  }

  #make({ host }: Address, requestTimeoutMs: number, sasl: SaslOptions | undefined): Connection {
    const { connectTimeoutMs, tls } = this.#options
    const connection = new this.#client.Connection(this.#clientId, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      maxInflights: 100,
      ...(tls === undefined
        ? {}
        : { tls: { ...tls, ca: tls.ca as string[] }, tlsServerName: tls.servername ?? isIP(host) === 0 }),
      ...(sasl === undefined ? {} : { sasl }),
    })
    // What goes wrong is told to those who wait for an answer; without a listener it would end the process.
    connection.on('error', (error) => this.#errors.set(connection, error))
    connection.once('close', () => this.#all.delete(connection))
    this.#all.add(connection)
    return connection
  }
}

function keyOf({ host, port }: Address): string {
  return `${host}:${port}`
}

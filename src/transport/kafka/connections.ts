/**
 * Connections to brokers. Short questions share one for each broker; whoever may wait long (a fetch, an append) leases one for itself, so
 * that nobody stands behind a blocked answer.
 * @module
 */
import { isIP } from 'node:net'
import { LogClosed } from '../index.ts'
import type { Client, Connection } from './client.ts'
import type { CompiledOptions } from './options.ts'

/** Where a broker listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

export class Connections {
  readonly #client: Client
  readonly #options: CompiledOptions
  readonly #clientId: string
  readonly #shared = new Map<string, Promise<Connection>>()
  readonly #idle = new Map<string, Connection[]>()
  readonly #all = new Set<Connection>()
  #closed = false

  constructor(client: Client, options: CompiledOptions, clientId: string) {
    this.#client = client
    this.#options = options
    this.#clientId = clientId
  }

  /** The connection of short questions to this broker; made anew when it broke. */
  async shared(address: Address): Promise<Connection> {
    const key = keyOf(address)
    const before = await this.#shared.get(key)?.catch(() => undefined)
    if (before?.isConnected()) return before
    const current = this.#shared.get(key)
    // Somebody else came first.
    if (current !== undefined && (await current.catch(() => undefined))?.isConnected()) return current
    const made = this.#open(address)
    this.#shared.set(key, made)
    made.catch(() => this.#shared.get(key) === made && this.#shared.delete(key))
    return made
  }

  /** A connection nobody else uses until it is given back. */
  async lease(address: Address): Promise<Connection> {
    const idle = this.#idle.get(keyOf(address))
    for (let each = idle?.pop(); each !== undefined; each = idle?.pop()) if (each.isConnected()) return each
    return this.#open(address)
  }

  /** Ends it when it failed: a late answer must not be taken for that of the next question. */
  giveBack(address: Address, connection: Connection, failed = false): void {
    if (failed || this.#closed || !connection.isConnected()) return this.#drop(connection)
    const idle = this.#idle.get(keyOf(address))
    if (idle === undefined) this.#idle.set(keyOf(address), [connection])
    else idle.push(connection)
  }

  /** Ends all of them; what waits for an answer fails. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#all].map((connection) => connection.close().catch(() => {})))
  }

  #drop(connection: Connection): void {
    this.#all.delete(connection)
    connection.close().catch(() => {})
  }

  async #open({ host, port }: Address): Promise<Connection> {
    if (this.#closed) throw new LogClosed('The log is closed. Open it again to use it.')
    const { connectTimeoutMs, requestTimeoutMs, tls, sasl } = this.#options
    const connection = new this.#client.Connection(this.#clientId, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      maxInflights: 100,
      ...(tls === undefined
        ? {}
        : { tls: { ...tls, ca: tls.ca as string[] }, tlsServerName: tls.servername ?? isIP(host) === 0 }),
      ...(sasl === undefined ? {} : { sasl: { ...sasl } }),
    })
    // What goes wrong is told to those who wait for an answer; without a listener it would end the process.
    connection.on('error', () => {})
    connection.once('close', () => this.#all.delete(connection))
    this.#all.add(connection)
    try {
      await connection.connect(host, port)
    } catch (error) {
      this.#drop(connection)
      throw error
    }
    if (!this.#closed) return connection
    this.#drop(connection)
    throw new LogClosed('The log is closed. Open it again to use it.')
  }
}

function keyOf({ host, port }: Address): string {
  return `${host}:${port}`
}

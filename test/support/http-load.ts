/**
 * Requests without a pause, by clients that never try again: each event once.
 * @module
 */
import { Agent, request } from 'node:http'

export interface Failure {
  readonly orderId: string
  /** What was wrong, in words. */
  readonly what: string
}

export class HttpLoad {
  /** Orders whose event was accepted. */
  readonly accepted: string[] = []
  readonly failures: Failure[] = []
  readonly #port: number
  readonly #prefix: string
  readonly #keepAlive: boolean
  readonly #clients: Promise<void>[]
  #answered = Promise.withResolvers<void>()
  #next = 0
  #stopping = false

  /**
   * @param prefix of the orders' ids, so that those of two runs differ
   * @param keepAlive false: a connection for every request
   */
  constructor(port: number, prefix: string, clients: number, keepAlive = true) {
    this.#port = port
    this.#keepAlive = keepAlive
    this.#prefix = prefix
    this.#clients = Array.from({ length: clients }, () => this.#client())
  }

  get requests(): number {
    return this.accepted.length + this.failures.length
  }

  /** Resolves when so many more requests have been answered, or failed. */
  async more(count: number): Promise<void> {
    const until = this.requests + count
    while (this.requests < until) await this.#answered.promise
  }

  /** Begins nothing new; resolves when all is answered. */
  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#clients)
  }

  async #client(): Promise<void> {
    const agent = new Agent({ keepAlive: this.#keepAlive, maxSockets: 1 })
    while (!this.#stopping) {
      const nth = this.#next++
      const orderId = `${this.#prefix}-${nth}`
      const { what } = await post(this.#port, agent, orderId, nth % 3)
      if (what === undefined) this.accepted.push(orderId)
      else this.failures.push({ orderId, what })
      this.#answered.resolve()
      this.#answered = Promise.withResolvers()
    }
    agent.destroy()
  }
}

/**
 * Posts one event.
 * @param kind 0: binary mode, 1: plain JSON with an id, 2: plain JSON without one
 */
export function post(
  port: number,
  agent: Agent,
  orderId: string,
  kind: number,
): Promise<{
  /** What was wrong, in words; nothing when it was accepted. */
  readonly what: string | undefined
  readonly reusedConnection: boolean
}> {
  const attributes = { 'ce-specversion': '1.0', 'ce-type': 'order.placed', 'ce-source': '/till/7', 'ce-id': orderId }
  const own = [attributes, { 'idempotency-key': orderId }, {}][kind]!
  const path = kind === 0 ? '/events' : '/events/order.placed'
  const headers = { ...own, 'content-type': 'application/json' }
  return new Promise((resolve) => {
    const end = (what: string | undefined): void => resolve({ what, reusedConnection: sent.reusedSocket })
    const sent = request({ agent, host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => end(response.statusCode === 202 ? undefined : `${response.statusCode} ${body}`))
      response.on('error', (error) => end(String(error)))
    })
    sent.on('error', (error) => end(String(error)))
    sent.end(JSON.stringify({ orderId }))
  })
}

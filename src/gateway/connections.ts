/**
 * The connections of a gateway: how many, how long they may take, and which may still be spoken to.
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { tellRefused } from './answered.ts'
import { malformedAnswer } from './failures.ts'

export class Connections {
  readonly #open = new Set<Socket>()
  /** Requests by connection that have arrived whole and are not answered. */
  readonly #pending = new Map<Socket, number>()
  /** Connections that were answered before their request was there. */
  readonly #answered = new WeakSet<Socket>()

  /** For Fastify's `clientErrorHandler`: answers what is no HTTP request, or too slow, and closes: where the next one would begin is unknown. */
  readonly refuse = (error: Error & { readonly code?: string }, socket: Socket): void => {
    // What is said now would be taken for the answer to a request that came before.
    const isAnother = this.#pending.has(socket) || this.#answered.has(socket)
    if (error.code === 'ECONNRESET' || !socket.writable || isAnother) socket.destroy()
    else {
      const { status, text } = malformedAnswer(error.code)
      socket.write(text)
      tellRefused(status)
      // An end alone would leave it open for as long as the client likes.
      socket.destroySoon()
    }
  }

  watch(server: Server, maxConnections: number): void {
    server.maxConnections = maxConnections
    server.on('connection', (socket) => {
      this.#open.add(socket)
      socket.once('close', () => this.#open.delete(socket))
    })
  }

  /** The request is there, and will be answered. */
  arrived({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#pending.set(socket, (this.#pending.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = this.#pending.get(socket)! - 1
      if (left > 0) this.#pending.set(socket, left)
      else this.#pending.delete(socket)
    })
  }

  /** An answer is being sent. */
  answering({ socket, complete }: IncomingMessage): void {
    if (!complete) this.#answered.add(socket)
  }

  /**
   * The server takes no more connections: those whose request is not there after `delayMs` are cut off, since Node does not look any more.
   * Call the result when the server has closed.
   */
  cutOff(clock: Clock, delayMs: number): () => void {
    const timer = clock.setTimer(delayMs, () => {
      for (const socket of this.#open) if (!this.#pending.has(socket)) socket.destroy()
    })
    return () => timer.cancel()
  }
}

/**
 * Many connections of HTTP/1.1 that are kept.
 * @module
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { payload } from '../payload.ts'

const atOnce = 200

export class Connections {
  readonly #sockets: readonly Socket[]

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets
  }

  static async open(url: string, count: number): Promise<Connections> {
    const port = Number(new URL(url).port)
    const sockets: Socket[] = []
    while (sockets.length < count) {
      const some = Array.from({ length: Math.min(atOnce, count - sockets.length) }, () => connect(port, '127.0.0.1'))
      await Promise.all(some.map((socket) => once(socket, 'connect')))
      sockets.push(...some)
    }
    return new Connections(sockets)
  }

  /** An event on every connection. @throws when one is not taken */
  async postOnEach(nth: number): Promise<void> {
    const waiting = this.#sockets.entries()
    const poster = async (): Promise<void> => {
      for (const [index, socket] of waiting) await post(socket, `${nth}-${index}`, index)
    }
    await Promise.all(Array.from({ length: atOnce }, poster))
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

async function post(socket: Socket, id: string, index: number): Promise<void> {
  if (socket.destroyed || socket.readableEnded) throw new Error(`Connection ${index} was closed.`)
  const body = JSON.stringify(payload(index % 1_000))
  socket.write(
    'POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nce-specversion: 1.0\r\nce-type: thing.done\r\n' +
      `ce-source: /bench\r\nce-id: ${id}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  // The answer is short: it comes in one piece.
  const [answer] = (await Promise.race([
    once(socket, 'data'),
    once(socket, 'close').then(() => Promise.reject(new Error(`Connection ${index} was closed.`))),
  ])) as [Buffer]
  if (!answer.toString().startsWith('HTTP/1.1 202 ')) throw new Error(`Not taken: ${answer.toString()}`)
}

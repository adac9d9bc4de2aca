/**
 * Serves other processes on the same directory through the owner.
 * @module
 */
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { protocolVersion, type Request } from '../protocol.ts'
import { readFrames, writeFrame } from './framing.ts'
import type { Owner } from './owner.ts'
import { newSession, type Session } from './session.ts'

/** A client that does not take its answers is cut off when this much is waiting for it. */
const longestBacklogBytes = 64 * 1024 * 1024

export interface Hello {
  readonly hello: number
  readonly clientId: string
}

export interface SocketServer {
  close(): void
}

/** Starts listening at `path`. Resolves when others can connect. */
export function serveSocket(path: string, owner: Owner): Promise<SocketServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serveClient(socket, owner)
  })
  // Whoever left a socket file here is dead: we hold the lock.
  if (process.platform !== 'win32') rmSync(path, { force: true })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      if (process.platform !== 'win32') chmodSync(path, 0o600)
      resolve({ close: () => closeServer(server, sockets) })
    })
  })
}

function closeServer(server: Server, sockets: Set<Socket>): void {
  server.close()
  // `destroySoon` sends what is still buffered: the answers to what was stored last.
  for (const socket of sockets) socket.destroySoon()
}

function serveClient(socket: Socket, owner: Owner): void {
  let session: Session | undefined
  socket.on('error', () => {})
  socket.on('close', () => session && owner.close(session))
  readFrames(socket, (message) => {
    if (session !== undefined) return owner.handle(session, message as Request)
    const { hello, clientId } = message as Hello
    writeFrame(socket, { hello: protocolVersion, clientId: '' } satisfies Hello)
    if (hello !== protocolVersion) return void socket.end()
    session = newSession(clientId, false, (answer) => {
      if (socket.destroyed) return
      if (socket.writableLength > longestBacklogBytes) socket.destroy()
      else writeFrame(socket, answer)
    })
    owner.open(session)
  })
}

/**
 * Ports on loopback.
 * @module
 */
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { ClusterPortTaken } from './errors.ts'

export const host = '127.0.0.1'

/** Free ones, all different: all are held before any is given back. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(close))
  return ports
}

/** @throws ClusterPortTaken */
export async function requireFree(port: number, who: string): Promise<void> {
  const server = await listen(port).catch((cause: NodeJS.ErrnoException) => {
    const why =
      cause.code === 'EADDRINUSE' ? 'something else listens there' : `it cannot be had (${cause.code ?? cause.message})`
    throw new ClusterPortTaken(
      port,
      `Port ${port} of ${who} on ${host}: ${why}. Give another first port (--port), or 0 for any that are free.`,
      { cause },
    )
  })
  await close(server)
}

/** Whether something listens. */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function listen(port: number): Promise<Server> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()))
}

/**
 * The connection of a process that is not the owner to the one that is.
 * @module
 */
import { connect, type Socket } from 'node:net'
import { LogVersionMismatch } from '../../index.ts'
import { type Message, protocolVersion, type Request } from '../protocol.ts'
import { readFrames, writeFrame } from './framing.ts'
import type { Hello } from './socket-server.ts'

export interface Relay {
  send(request: Request): void
  close(): void
}

export interface RelayEvents {
  message(message: Message): void
  /** The owner is gone, or closed the connection. */
  lost(): void
}

/**
 * Connects. Resolves with undefined when nobody answers at `path`.
 * @throws LogVersionMismatch
 */
export function connectRelay(
  path: string,
  clientId: string,
  directory: string,
  events: RelayEvents,
): Promise<Relay | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let greeted = false
    socket.on('error', () => {})
    socket.on('connect', () => writeFrame(socket, { hello: protocolVersion, clientId } satisfies Hello))
    socket.on('close', () => (greeted ? events.lost() : resolve(undefined)))
    readFrames(socket, (message) => {
      if (greeted) return events.message(message as Message)
      const { hello } = message as Hello
      if (hello !== protocolVersion) {
        reject(mismatch(directory, hello))
        return void socket.destroy()
      }
      greeted = true
      resolve(relayOf(socket))
    })
  })
}

function relayOf(socket: Socket): Relay {
  return {
    send: (request) => {
      if (!socket.destroyed) writeFrame(socket, request)
    },
    close: () => socket.destroySoon(),
  }
}

function mismatch(directory: string, theirs: number): LogVersionMismatch {
  return new LogVersionMismatch(
    `The process that owns ${directory} speaks version ${theirs} of the log's protocol, this one version ${protocolVersion}. Use the same version of veltrix in all processes of one directory.`,
  )
}

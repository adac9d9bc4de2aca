/**
 * The connection of a process that is not the owner to the one that is.
 * @module
 */
import { connect, type Socket } from 'node:net'
import type { Clock } from '../../../clock.ts'
import { LogVersionMismatch } from '../../index.ts'
import { type Message, protocolVersion, type Request } from '../protocol.ts'
import { readFrames, writeFrame } from './framing.ts'
import type { Hello } from './socket-server.ts'

export interface Relay {
  send(request: Request): void
  close(): void
  /** Ends the connection to an owner that does not answer. */
  abandon(): void
}

export interface RelayTarget {
  readonly path: string
  readonly directory: string
  readonly clientId: string
  /** How long a listening owner may take to greet. */
  readonly timeoutMs: number
}

export interface RelayEvents {
  message(message: Message): void
  /** The owner is gone, or closed the connection. */
  lost(): void
}

/**
 * Connects. Resolves with undefined when nobody answers in time: a stopped owner still has its connections accepted by the system.
 * @throws LogVersionMismatch
 */
export function connectRelay(target: RelayTarget, clock: Clock, events: RelayEvents): Promise<Relay | undefined> {
  const { path, directory, clientId } = target
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let greeted = false
    const timer = clock.setTimer(target.timeoutMs, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('connect', () => writeFrame(socket, { hello: protocolVersion, clientId } satisfies Hello))
    socket.on('close', () => {
      timer.cancel()
      if (greeted) events.lost()
      else resolve(undefined)
    })
    readFrames(socket, (message) => {
      if (greeted) return events.message(message as Message)
      timer.cancel()
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
    abandon: () => socket.destroy(),
  }
}

function mismatch(directory: string, theirs: number): LogVersionMismatch {
  return new LogVersionMismatch(
    `The process that owns ${directory} speaks version ${theirs} of the log's protocol, this one version ${protocolVersion}. Use the same version of veltrix in all processes of one directory.`,
  )
}

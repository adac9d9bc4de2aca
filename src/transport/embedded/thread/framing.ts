/**
 * Messages on a byte stream: a length of four bytes, then the message in V8's structured clone format.
 * @module
 */
import type { Socket } from 'node:net'
import { deserialize, serialize } from 'node:v8'

/** A longer message can only be garbage. */
const longestMessage = 1024 * 1024 * 1024

export function writeFrame(socket: Socket, message: unknown): void {
  const body = serialize(message)
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32LE(body.length)
  socket.cork()
  socket.write(length)
  socket.write(body)
  socket.uncork()
}

/** Calls `take` with every message that arrives. Garbage destroys the socket. */
export function readFrames(socket: Socket, take: (message: unknown) => void): void {
  let pieces: Buffer[] = []
  let buffered = 0
  let wanted = 4
  socket.on('data', (piece: Buffer) => {
    pieces.push(piece)
    buffered += piece.length
    if (buffered < wanted) return
    let bytes = pieces.length === 1 ? piece : Buffer.concat(pieces)
    while (bytes.length >= (wanted = 4 + (bytes.length >= 4 ? bytes.readUInt32LE() : 0)) && bytes.length >= 4) {
      const body = bytes.subarray(4, wanted)
      bytes = bytes.subarray(wanted)
      if (!deliver(socket, body, take)) return
    }
    if (wanted > longestMessage) return void socket.destroy()
    pieces = bytes.length > 0 ? [bytes] : []
    buffered = bytes.length
  })
}

function deliver(socket: Socket, body: Buffer, take: (message: unknown) => void): boolean {
  try {
    take(deserialize(body))
    return !socket.destroyed
  } catch (error) {
    socket.destroy(error as Error)
    return false
  }
}

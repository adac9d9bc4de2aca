/**
 * One question to a broker, in Kafka's own protocol: whom does it know? No client library is needed for that.
 * @module
 */
import { connect } from 'node:net'
import { systemClock, type Clock } from '../clock.ts'
import { host } from './ports.ts'

/** Metadata, in the first version that tells the controller; every broker in use speaks it. */
const apiKey = 3
const apiVersion = 1
const timeoutMs = 2_000

/**
 * Ids of the brokers that the one on `port` takes for alive; undefined when it does not answer, which a broker that is starting does not.
 * Only for listeners without TLS and without SASL.
 */
export async function knownBrokers(port: number, clock: Clock = systemClock): Promise<number[] | undefined> {
  const answer = await ask(port, request(), clock)
  // Size and correlation id stand before the body.
  return answer === undefined ? undefined : brokerIds(answer.subarray(8))
}

function request(): Buffer {
  const clientId = Buffer.from('veltrix-cluster')
  const bytes = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4)
  let at = bytes.writeInt32BE(bytes.length - 4, 0)
  at = bytes.writeInt16BE(apiKey, at)
  at = bytes.writeInt16BE(apiVersion, at)
  at = bytes.writeInt32BE(1, at)
  at = bytes.writeInt16BE(clientId.length, at)
  at += clientId.copy(bytes, at)
  // No topics: an empty list.
  bytes.writeInt32BE(0, at)
  return bytes
}

/** As they lie in the answer. */
function brokerIds(body: Buffer): number[] {
  const ids: number[] = []
  let at = 4
  for (let left = body.readInt32BE(0); left > 0; left--) {
    ids.push(body.readInt32BE(at))
    at += 4
    at += 2 + body.readInt16BE(at)
    at += 4
    // The rack, null when there is none.
    at += 2 + Math.max(0, body.readInt16BE(at))
  }
  return ids.sort((a, b) => a - b)
}

/** One request, one answer with its size in front; undefined when there is none in time. */
export function ask(port: number, bytes: Buffer, clock: Clock): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write(bytes))
    let got = Buffer.alloc(0)
    const end = (answer?: Buffer): void => {
      timer.cancel()
      socket.destroy()
      resolve(answer)
    }
    const timer = clock.setTimer(timeoutMs, () => end())
    socket.on('error', () => end())
    socket.on('close', () => end())
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk])
      if (got.length >= 4 && got.length >= 4 + got.readInt32BE(0)) end(got)
    })
  })
}

/**
 * Which broker is the cluster's controller: asked where it is decided, and not a broker that may not have heard of it yet.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { host } from './ports.ts'
import { dataDirectory } from './settings.ts'

/**
 * The leader of the brokers' quorum. Every voter writes down whom it follows before it does; the highest epoch is the last election.
 * Undefined while there is none.
 */
export async function kraftController(directory: string, ids: readonly number[]): Promise<number | undefined> {
  const texts = ids.map((id) =>
    readFile(join(dataDirectory(directory, id), '__cluster_metadata-0', 'quorum-state'), 'utf8').catch(() => ''),
  )
  return newestLeader((await Promise.all(texts)).map(quorumState))
}

export interface QuorumState {
  /** Negative while the voter knows of none. */
  readonly leaderId: number
  readonly leaderEpoch: number
}

/** Of one epoch, a voter may not know the winner yet. */
export function newestLeader(states: readonly (QuorumState | undefined)[]): number | undefined {
  const known = states.filter((state) => state !== undefined)
  const newest = Math.max(...known.map(({ leaderEpoch }) => leaderEpoch))
  return known.find(({ leaderId, leaderEpoch }) => leaderEpoch === newest && leaderId >= 0)?.leaderId
}

/** What the text of the file says; undefined while it is just being replaced. */
export function quorumState(text: string): QuorumState | undefined {
  try {
    return JSON.parse(text) as QuorumState
  } catch {
    return undefined
  }
}

/** Who holds ZooKeeper's `/controller`; undefined while nobody does, or ZooKeeper does not answer. */
export async function zookeeperController(port: number, clock: Clock): Promise<number | undefined> {
  const data = await zookeeperData(port, '/controller', clock)
  return data === undefined ? undefined : (JSON.parse(data) as { brokerid: number }).brokerid
}

const timeoutMs = 5_000
const getData = 4
const closeSession = -11

/** What a node of ZooKeeper holds, in its own protocol: connect, getData, close. Undefined when there is no such node. */
function zookeeperData(port: number, path: string, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write(framed(greeting())))
    const end = (data?: string): void => {
      timer.cancel()
      socket.removeAllListeners('data').resume()
      if (socket.writable) socket.end(framed(numbers(2, closeSession)))
      resolve(data)
    }
    const timer = clock.setTimer(timeoutMs, () => end())
    socket.on('error', () => end())
    socket.on('close', () => end())
    let got = Buffer.alloc(0)
    let greeted = false
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk])
      while (got.length >= 4 && got.length >= 4 + got.readInt32BE(0)) {
        const body = got.subarray(4, 4 + got.readInt32BE(0))
        got = got.subarray(4 + body.length)
        if (greeted) return end(dataOf(body))
        greeted = true
        socket.write(framed(numbers(1, getData), textOf(path), Buffer.from([0])))
      }
    })
  })
}

/** Protocol 0, nothing seen yet, a session of 4 s, without an id and with an empty password. */
function greeting(): Buffer {
  const bytes = Buffer.alloc(4 + 8 + 4 + 8 + 4 + 16)
  bytes.writeInt32BE(4_000, 12)
  bytes.writeInt32BE(16, 24)
  return bytes
}

/** Behind the request's number, the transaction and the error. */
function dataOf(body: Buffer): string | undefined {
  if (body.readInt32BE(12) !== 0) return undefined
  return body.subarray(20, 20 + body.readInt32BE(16)).toString()
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => bytes.writeInt32BE(value, index * 4))
  return bytes
}

function textOf(text: string): Buffer {
  return Buffer.concat([numbers(Buffer.byteLength(text)), Buffer.from(text)])
}

function framed(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([numbers(body.length), body])
}

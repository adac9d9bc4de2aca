/**
 * The request that fetches, and its answer read from one piece of memory. Version 12: the newest that names topics, known to every
 * supported broker.
 * @module
 */
import type { FetchRequest } from '../index.ts'
import type { Client, Connection } from './client.ts'

/** What a broker says about one partition. Offsets are whole numbers below 2^53, as everywhere here. */
export interface FetchedPartition {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly abortedTransactions: readonly AbortedTransaction[]
  /** -1: none. */
  readonly preferredReadReplica: number
  /** Whole batches as they were stored, the last one perhaps cut off. Views of the answer. */
  readonly batches: Buffer
}

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

export interface FetchAnswer {
  readonly errorCode: number
  readonly partitions: ReadonlyMap<string, readonly FetchedPartition[]>
}

export interface FetchSettings {
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly rack: string
}

const committedOnly = 1
const noEpoch = -1

/** @throws what the client throws: a broken connection, no answer in time */
export function fetchFrom(
  client: Client,
  connection: Connection,
  wants: readonly FetchRequest[],
  settings: FetchSettings,
): Promise<FetchAnswer> {
  const { api, createRequest } = client.fetchV12
  const { promise, resolve, reject } = Promise.withResolvers<FetchAnswer>()
  const payload = () =>
    createRequest(
      Math.max(0, Math.floor(settings.maxWaitMs)),
      1,
      Math.min(settings.maxBytes, 2 ** 31 - 1),
      committedOnly,
      0,
      noEpoch,
      topicsOf(wants),
      [],
      settings.rack,
    )
  const parse = (_correlation: number, _key: number, _version: number, reader: AnswerReader) =>
    readAnswer(reader.buffer.slice(reader.position, reader.buffer.length))
  connection.send<FetchAnswer>(api.key, api.version, payload, parse, true, true, (error, answer) => {
    if (error) reject(error)
    else resolve(answer!)
  })
  return promise
}

/** What is used of the client's reader: all chunks of the answer in one piece. */
interface AnswerReader {
  readonly position: number
  readonly buffer: { readonly length: number; slice(start: number, end: number): Buffer }
}

function topicsOf(wants: readonly FetchRequest[]) {
  // Version 12 still names topics; the client calls the field as later versions do.
  return [...Map.groupBy(wants, ({ topic }) => topic)].map(([topicId, wanted]) => ({
    topicId,
    partitions: wanted.map(({ partition, offset, maxBytes }) => ({
      partition,
      currentLeaderEpoch: noEpoch,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: noEpoch,
      partitionMaxBytes: maxBytes,
    })),
  }))
}

/** The answer's body, as the protocol guide gives it for version 12. */
export function readAnswer(bytes: Buffer): FetchAnswer {
  const body = new Body(bytes)
  body.int32() // throttle time
  const errorCode = body.int16()
  body.int32() // session
  const partitions = new Map<string, FetchedPartition[]>()
  for (let topics = body.count(); topics > 0; topics--) {
    const topic = body.text()
    const each: FetchedPartition[] = []
    for (let count = body.count(); count > 0; count--) each.push(readPartition(body))
    body.skipTags()
    partitions.set(topic, each)
  }
  return { errorCode, partitions }
}

function readPartition(body: Body): FetchedPartition {
  const partitionIndex = body.int32()
  const errorCode = body.int16()
  const highWatermark = body.offset()
  const lastStableOffset = body.offset()
  body.offset() // log start
  const abortedTransactions: AbortedTransaction[] = []
  for (let count = body.count(); count > 0; count--) {
    abortedTransactions.push({ producerId: body.int64(), firstOffset: body.offset() })
    body.skipTags()
  }
  const preferredReadReplica = body.int32()
  const batches = body.bytes()
  body.skipTags()
  return {
    partitionIndex,
    errorCode,
    highWatermark,
    lastStableOffset,
    abortedTransactions,
    preferredReadReplica,
    batches,
  }
}

/** Kafka's compact encoding: lengths are one more than they are, 0 is none. */
class Body {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#move(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#move(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#move(8))
  }

  offset(): number {
    return Number(this.int64())
  }

  /** Of an array; none counts as empty. */
  count(): number {
    return Math.max(0, this.#varint() - 1)
  }

  text(): string {
    return this.bytes().toString('utf8')
  }

  bytes(): Buffer {
    const length = this.count()
    const start = this.#move(length)
    if (this.#at > this.#bytes.length) throw new RangeError('The answer to a fetch ends before its records do.')
    return this.#bytes.subarray(start, this.#at)
  }

  skipTags(): void {
    for (let count = this.#varint(); count > 0; count--) {
      this.#varint()
      this.#move(this.#varint())
    }
  }

  #move(length: number): number {
    const at = this.#at
    this.#at += length
    return at
  }

  #varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#move(1))
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError('The answer to a fetch has a length that is none.')
  }
}

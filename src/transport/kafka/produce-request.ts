/**
 * The request that appends: batches of several partitions in one buffer. Version 9, as the client's own.
 * @module
 */
import type { AppendRecord, TopicPartition } from '../index.ts'
import type { ProduceResponse } from './answers.ts'
import { batchBound, BatchWriter, type BatchHead, type Checksum } from './batch-writer.ts'
import { crc32cOf, type Client, type Connection } from './client.ts'

/** Records of one partition that are stored together or not at all. */
export interface ProduceBatch extends TopicPartition {
  readonly records: readonly AppendRecord[]
  /** Of their keys, values and headers. */
  readonly bytes: number
  readonly head: BatchHead
}

export interface ProduceSettings {
  /** How long the broker waits for the copies in sync. */
  readonly timeoutMs: number
  readonly transactionalId?: string
}

const allInSync = -1

/** @throws what the client throws: a broken connection, an answer with errors in it */
export function produce(
  client: Client,
  connection: Connection,
  batches: readonly ProduceBatch[],
  settings: ProduceSettings,
): Promise<ProduceResponse> {
  const { api, parseResponse } = client.produceV9
  const { promise, resolve, reject } = Promise.withResolvers<ProduceResponse>()
  const payload = () => client.Writer.create().append(encode(batches, settings, crc32cOf(client)))
  connection.send(api.key, api.version, payload, parseResponse, true, true, (error, answer) => {
    if (error) reject(error)
    else resolve(answer as ProduceResponse)
  })
  return promise
}

/** The request's body. */
export function encode(
  batches: readonly ProduceBatch[],
  { timeoutMs, transactionalId }: ProduceSettings,
  crc: Checksum,
): Buffer {
  const topics = Map.groupBy(batches, ({ topic }) => topic)
  const body = new Body(sizeOf(topics, transactionalId))
  body.text(transactionalId)
  body.int16(allInSync)
  body.int32(timeoutMs)
  body.count(topics.size)
  for (const [topic, each] of topics) {
    body.text(topic)
    body.count(each.length)
    for (const { partition, records, bytes, head } of each) {
      body.int32(partition)
      body.batch(records, batchBound(records, bytes), head, crc)
      body.noTags()
    }
    body.noTags()
  }
  body.noTags()
  return body.written
}

function sizeOf(topics: ReadonlyMap<string, readonly ProduceBatch[]>, transactionalId = ''): number {
  let size = 32 + transactionalId.length * 3
  for (const [topic, batches] of topics) {
    size += 16 + topic.length * 3
    for (const { records, bytes } of batches) size += 16 + batchBound(records, bytes)
  }
  return size
}

/** Kafka's compact encoding: lengths are one more than they are, 0 is none. */
class Body {
  readonly #bytes: Buffer
  #at = 0

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size)
  }

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  int16(value: number): void {
    this.#at = this.#bytes.writeInt16BE(value, this.#at)
  }

  int32(value: number): void {
    this.#at = this.#bytes.writeInt32BE(value, this.#at)
  }

  count(count: number): void {
    this.#varint(count + 1)
  }

  text(text: string | undefined): void {
    if (text === undefined) return this.#varint(0)
    this.#varint(Buffer.byteLength(text) + 1)
    this.#at += this.#bytes.write(text, this.#at)
  }

  noTags(): void {
    this.#bytes[this.#at++] = 0
  }

  /** @param bound no batch is larger */
  batch(records: readonly AppendRecord[], bound: number, head: BatchHead, crc: Checksum): void {
    // The length comes first and is known last: room for as many bytes of it as the bound needs.
    const start = this.#at
    const room = varintBytes(bound + 1)
    const end = new BatchWriter(this.#bytes, start + room).write(records, head, crc)
    const length = end - start - room
    const needed = varintBytes(length + 1)
    if (needed !== room) this.#bytes.copyWithin(start + needed, start + room, end)
    this.#varint(length + 1)
    this.#at += length
  }

  #varint(value: number): void {
    let rest = value
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
    this.#bytes[this.#at++] = rest
  }
}

function varintBytes(value: number): number {
  let count = 1
  for (let rest = value; rest > 0x7f; rest >>>= 7) count++
  return count
}

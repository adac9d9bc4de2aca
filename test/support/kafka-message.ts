/**
 * Records for the client package's own producer and encoder, which tests have beside ours.
 * @module
 */
import type { AppendRecord } from '../../src/transport/index.ts'

/** A record as the client's produce request takes it. */
export interface Message {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | undefined
  readonly value: Buffer
  /** A map by identity: names may repeat. */
  readonly headers: Map<Buffer, Buffer> | undefined
  readonly timestamp: bigint
}

export function messageOf({ topic, partition, key, value, headers, timestamp }: AppendRecord): Message {
  return {
    topic,
    partition,
    key: key === null ? undefined : bufferOf(key),
    // The client's type says it cannot be null; its encoder knows better.
    value: (value === null ? null : bufferOf(value)) as Buffer,
    headers:
      headers.length === 0 ? undefined : new Map(headers.map(([name, each]) => [Buffer.from(name), bytesOf(each)])),
    timestamp: BigInt(timestamp),
  }
}

function bytesOf(value: Uint8Array | string): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : bufferOf(value)
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * Records on their way to another thread: their bytes in one piece, which is handed over instead of copied. (A view sent as it is would
 * take the whole memory along that it is a view of.)
 * @module
 */
import type { AppendRecord } from '../index.ts'

export interface PackedRecords {
  /** Keys, values and values of headers, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly records: readonly PackedRecord[]
}

interface PackedRecord {
  readonly topic: string
  readonly partition: number
  readonly timestamp: number
  /** Bytes of the key and of the value; -1: null. */
  readonly keyBytes: number
  readonly valueBytes: number
  readonly headers: readonly (readonly [name: string, bytes: number])[]
}

export function packRecords(records: readonly AppendRecord[]): PackedRecords {
  const parts: Uint8Array[] = []
  let length = 0
  const put = (part: Uint8Array | null): number => {
    if (part === null) return -1
    parts.push(part)
    length += part.length
    return part.length
  }
  const packed = records.map(({ topic, partition, timestamp, key, value, headers }): PackedRecord => {
    return {
      topic,
      partition,
      timestamp,
      keyBytes: put(key),
      valueBytes: put(value),
      headers: headers.map(([name, each]) => [name, put(typeof each === 'string' ? Buffer.from(each) : each)]),
    }
  })
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { bytes, records: packed }
}

export function unpackRecords({ bytes, records }: PackedRecords): AppendRecord[] {
  let at = 0
  const take = (length: number): Uint8Array | null => (length < 0 ? null : bytes.subarray(at, (at += length)))
  return records.map(({ topic, partition, timestamp, keyBytes, valueBytes, headers }) => {
    const key = take(keyBytes)
    const value = take(valueBytes)
    return { topic, partition, timestamp, key, value, headers: headers.map(([name, length]) => [name, take(length)!]) }
  })
}

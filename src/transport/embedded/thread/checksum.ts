/**
 * Checksums over everything that is stored. SQLite has none of its own, and a flipped bit must never be served.
 * @module
 */
import { crc32 } from 'node:zlib'

const place = new Float64Array(3)
const placeBytes = new Uint8Array(place.buffer)

/** CRC-32 of a batch: its bytes and its place, so that a batch at a wrong place is found too. */
export function batchChecksum(partitionId: number, base: number, count: number, bytes: Uint8Array): number {
  place[0] = partitionId
  place[1] = base
  place[2] = count
  return crc32(bytes, crc32(placeBytes))
}

/** CRC-32 of a row of plain values. */
export function rowChecksum(...values: readonly (string | number | null)[]): number {
  return crc32(JSON.stringify(values))
}

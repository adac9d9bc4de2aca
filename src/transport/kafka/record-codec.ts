/**
 * What a record weighs.
 * @module
 */
import type { AppendRecord } from '../index.ts'

/** Key + headers + value, in bytes. */
export function recordBytes({ key, value, headers }: AppendRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, each] of headers) {
    bytes += Buffer.byteLength(name) + (typeof each === 'string' ? Buffer.byteLength(each) : each.length)
  }
  return bytes
}

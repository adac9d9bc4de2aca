/**
 * The event of the benchmark: a payload of 1 KiB as JSON.
 * @module
 */
import { z } from 'zod'

export const payloadBytes = 1024

/** What an event takes in the log: payload, key, and the CloudEvents headers. For the ceiling. */
export const recordBytes = payloadBytes + 230

export const schema = z.object({ key: z.string(), pad: z.string() })

export interface Payload {
  readonly key: string
  readonly pad: string
}

const keyLength = 6
const pad = 'x'.repeat(payloadBytes - JSON.stringify({ key: ' '.repeat(keyLength), pad: '' }).length)

/** @param key which of many keys, 0 to 99,999 */
export function payload(key: number): Payload {
  return { key: `k${String(key).padStart(keyLength - 1, '0')}`, pad }
}

/** As `publishMany` takes them; keys in turn. */
export function items<Type extends string>(type: Type, count: number, keys = 1000): { type: Type; data: Payload }[] {
  return Array.from({ length: count }, (_, index) => ({ type, data: payload(index % keys) }))
}

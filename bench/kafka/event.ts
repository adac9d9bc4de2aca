/**
 * The event of the Kafka scenarios: 1 KiB as JSON, its key among 1,000, and its number, so that order by key can be judged.
 * @module
 */
import { payloadBytes, type Payload } from '../payload.ts'

export const keyCount = 1000
export const partitionCount = 12

const numberDigits = 9
const rest = 'x'.repeat(payloadBytes - JSON.stringify({ key: 'k00000', pad: ' '.repeat(numberDigits) }).length)

/** @param index from 0 on; keys in turn */
export function eventOf(index: number): Payload {
  const key = `k${String(index % keyCount).padStart(5, '0')}`
  return { key, pad: String(index).padStart(numberDigits, '0') + rest }
}

/** The number in a stored value. */
export function numberIn(value: string): number {
  return Number((JSON.parse(value) as Payload).pad.slice(0, numberDigits))
}

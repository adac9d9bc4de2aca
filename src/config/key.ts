/**
 * How an event's key is taken from its payload.
 * @module
 */
import { dataPath, EventInvalid, keyProblem, nameOf } from '../event/index.ts'

/** A field's name, or a function of the payload (schema output). */
export type KeyDefinition = string | ((data: never) => string)

/**
 * The function that takes the key of one event type. Text is taken as it is, a safe integer as its decimal digits.
 */
export function keyOf(type: string, key: KeyDefinition): (data: unknown) => string {
  if (typeof key === 'string') {
    const path = dataPath([key])
    return (data) => checkedKey(type, path, fieldOf(data, key), `is the key's field and`)
  }
  return (data) => checkedKey(type, 'key', computed(type, key, data), 'as its function gives it,')
}

function fieldOf(data: unknown, field: string): unknown {
  return typeof data === 'object' && data !== null && Object.hasOwn(data, field)
    ? (data as Record<string, unknown>)[field]
    : undefined
}

function computed(type: string, key: (data: never) => string, data: unknown): unknown {
  try {
    return key(data as never)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EventInvalid(type, [{ path: 'key', message: `its function threw: ${reason}` }], { cause })
  }
}

function checkedKey(type: string, path: string, value: unknown, subject: string): string {
  const key = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value
  const problem = problemOf(key)
  if (problem !== undefined) throw new EventInvalid(type, [{ path, message: `${subject} ${problem}` }])
  return key as string
}

function problemOf(key: unknown): string | undefined {
  if (key === undefined) return 'is missing'
  return typeof key === 'string' ? keyProblem(key) : `must be text or a whole number, not ${nameOf(key)}`
}
